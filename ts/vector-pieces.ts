// Adding values to vectors and taking them out, in one call of the addon if it takes that many
// (1,024), else in pieces.
//
// Other threads may see the vector, and change it, between pieces. To this thread an operation
// succeeds as a whole or changes nothing: pieces are undone if a later one fails, unless other
// threads have changed the length meanwhile and it is not certain any more what stands where.
import type { Value } from '../types/native';
import { checkValues, finishAllMoved, outAllOwned, settleMoved, toValues } from './marshal';
import { native } from './native';
import { isRef } from './ref';

const { batch } = native;

/** A piece that stands in the vector, and how long that was afterwards. */
interface Piece {
  at: number;
  count: number;
  length: number;
}

/** Appends values; returns the new length. */
export function pushValues(id: number, values: readonly unknown[]): number {
  if (values.length > batch) {
    insertPieces(id, values, (piece) => native.vectorPush(id, ...piece) - piece.length);
    return native.vectorLength(id);
  }
  if (values.length > 1) checkValues(values);
  const length = native.vectorPush(id, ...toValues(values, 0, values.length, true));
  finishAllMoved(values);
  return length;
}

/** Inserts values before element 0; returns the new length. */
export function unshiftValues(id: number, values: readonly unknown[]): number {
  if (values.length > batch) {
    insertPiecesAt(id, 0, values);
    return native.vectorLength(id);
  }
  if (values.length > 1) checkValues(values);
  const length = native.vectorUnshift(id, ...toValues(values, 0, values.length, true));
  finishAllMoved(values);
  return length;
}

/** Replaces `remove` elements from `start` on; returns them, handed over. */
export function spliceValues(
  id: number,
  start: number,
  remove: number,
  values: readonly unknown[],
): unknown[] {
  if (remove <= batch && values.length <= batch) {
    checkValues(values);
    const marshalled = toValues(values, 0, values.length, true);
    const removed = native.vectorSplice(id, start, remove, ...marshalled);
    finishAllMoved(values);
    return outAllOwned(removed);
  }
  // Only inserting needs memory: with that done first nothing can fail any more.
  insertPiecesAt(id, start + remove, values);
  const removed: unknown[] = [];
  for (let left = remove; left > 0; left -= batch) {
    const piece = outAllOwned(native.vectorSplice(id, start, Math.min(left, batch)));
    for (const value of piece) removed.push(value);
  }
  return removed;
}

function insertPiecesAt(id: number, at: number, values: readonly unknown[]): void {
  insertPieces(id, values, (piece, done) => {
    native.vectorSplice(id, at + done, 0, ...piece);
    return at + done;
  });
}

/** `insert` writes a piece, of which `done` values precede, and says where it stands. */
function insertPieces(
  id: number,
  values: readonly unknown[],
  insert: (piece: Value[], done: number) => number,
): void {
  checkValues(values);
  const pieces: Piece[] = [];
  try {
    for (let done = 0; done < values.length; done += batch) {
      const end = Math.min(done + batch, values.length);
      const at = insert(toValues(values, done, end, false), done);
      pieces.push({ at, count: end - done, length: native.vectorLength(id) });
    }
  } catch (error) {
    undo(id, pieces);
    throw error;
  }
  settleMoved(values);
}

function undo(id: number, pieces: readonly Piece[]): void {
  for (let i = pieces.length - 1; i >= 0; i--) {
    const { at, count, length } = pieces[i] as Piece;
    if (!holdsLength(id, length)) return;
    for (const value of outAllOwned(native.vectorSplice(id, at, count))) {
      if (isRef(value)) value[Symbol.dispose]();
    }
  }
}

function holdsLength(id: number, length: number): boolean {
  // A vector that is gone has released its elements itself.
  return native.typeOf(id) !== 0 && native.vectorLength(id) === length;
}
