// Adding values to vectors and taking them out, in one call of the addon if it takes that many
// (1,024), else in pieces.
//
// Other threads may see the vector, and change it, between pieces. To this thread an operation
// succeeds as a whole or changes nothing: pieces are undone if a later one fails, unless other
// threads have changed the length meanwhile and it is not certain any more what stands where.
import type { Value } from '../types/native';
import { toIndex } from './integers';
import { checkValues, finishAllMoved, outAllOwned, settleMoved, toValues } from './marshal';
import { native } from './native';
import { isRef } from './ref';

const { batch, numbers } = native;

/** A piece that stands in the vector, and how long that was afterwards. */
interface Piece {
  at: number;
  count: number;
  length: number;
}

/** Appends values; returns the new length. */
export function pushValues(id: number, values: readonly unknown[]): number {
  if (values.length > batch) {
    insertPieces(
      id,
      values,
      (start, end) => pushPiece(id, values, start, end, false) - (end - start),
    );
    return native.vectorLength(id);
  }
  if (values.length > 1) checkValues(values);
  const length = pushPiece(id, values, 0, values.length, true);
  finishAllMoved(values);
  return length;
}

/** Appends the values from `start` to `end`, at most `batch`, in one step; returns the new length. */
export function pushPiece(
  id: number,
  values: readonly unknown[],
  start: number,
  end: number,
  withMoves: boolean,
): number {
  if (placeNumbers(values, start, end)) return native.vectorPushNumbers(id, end - start);
  return native.vectorPush(id, ...toValues(values, start, end, withMoves));
}

/** Puts values where `vectorPushNumbers` reads them; false if one is no number. */
function placeNumbers(values: readonly unknown[], start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const value = values[i];
    if (typeof value !== 'number') return false;
    numbers[i - start] = value;
  }
  return true;
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

/**
 * Replaces up to `remove` elements from `start` on, which counts from the end if it is negative;
 * returns them, handed over.
 */
export function spliceValues(
  id: number,
  start: number,
  remove: number,
  values: readonly unknown[],
): unknown[] {
  if (values.length <= batch) {
    checkValues(values);
    const marshalled = toValues(values, 0, values.length, true);
    const removed = native.vectorSplice(id, start, remove, ...marshalled);
    if (removed) {
      finishAllMoved(values);
      return outAllOwned(removed);
    }
  }
  const length = native.vectorLength(id);
  const first = toIndex(start, length, 0);
  const count = Math.min(remove, length - first);
  // Only inserting needs memory: with that done first nothing can fail any more.
  insertPiecesAt(id, first + count, values);
  const removed: unknown[] = [];
  for (let left = count; left > 0; left -= batch) {
    for (const value of splicePiece(id, first, Math.min(left, batch))) removed.push(value);
  }
  return removed;
}

/** Takes out up to `remove` elements, at most `batch`. */
function splicePiece(id: number, start: number, remove: number): unknown[] {
  return outAllOwned(native.vectorSplice(id, start, remove) as Value[]);
}

/** Takes up to `count` elements from the front. */
export function takeValues(id: number, count: number): unknown[] {
  const taken: unknown[] = [];
  let limit: number;
  let piece: unknown[];
  do {
    limit = Math.min(count - taken.length, batch);
    try {
      piece = outAllOwned(native.vectorTakeMany(id, limit));
    } catch (error) {
      if (taken.length === 0) throw error;
      return taken; // they are the caller's already; the next call will throw
    }
    for (const value of piece) taken.push(value);
  } while (piece.length === limit && taken.length < count);
  return taken;
}

function insertPiecesAt(id: number, at: number, values: readonly unknown[]): void {
  insertPieces(id, values, (start, end) => {
    native.vectorSplice(id, at + start, 0, ...toValues(values, start, end, false));
    return at + start;
  });
}

/** `insert` writes the values from `start` to `end` and says where they stand. */
function insertPieces(
  id: number,
  values: readonly unknown[],
  insert: (start: number, end: number) => number,
): void {
  const moving = checkValues(values);
  const pieces: Piece[] = [];
  try {
    for (let done = 0; done < values.length; done += batch) {
      const end = Math.min(done + batch, values.length);
      const at = insert(done, end);
      pieces.push({ at, count: end - done, length: native.vectorLength(id) });
    }
  } catch (error) {
    undo(id, pieces);
    throw error;
  }
  settleMoved(moving);
}

function undo(id: number, pieces: readonly Piece[]): void {
  for (let i = pieces.length - 1; i >= 0; i--) {
    const { at, count, length } = pieces[i] as Piece;
    if (!holdsLength(id, length)) return;
    for (const value of splicePiece(id, at, count)) {
      if (isRef(value)) value[Symbol.dispose]();
    }
  }
}

function holdsLength(id: number, length: number): boolean {
  // A vector that is gone has released its elements itself.
  return native.typeOf(id) !== 0 && native.vectorLength(id) === length;
}
