import { CONFLICT_TRIES, conflict, hasCode } from './errors';
import { outAll } from './marshal';
import { native } from './native';

const { batch, modes } = native;

/** Compares the elements at two indices of a snapshot. */
type CompareAt = (i: number, j: number) => number;

interface Snapshot {
  values: unknown[];
  version: number;
}

/**
 * Sorts what the vector holds now and installs the new order if the vector has not been changed, by
 * whomever, since it was read; else starts over.
 */
export function sortVector(
  id: number,
  compare: ((a: unknown, b: unknown) => number) | undefined,
): void {
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    // Without a function texts and numbers in StringRefs and NumberRefs are compared as such.
    const snapshot = readAll(id, compare === undefined ? modes.deref : modes.borrow);
    if (snapshot === undefined) continue;
    const { values, version } = snapshot;
    const compareAt =
      compare === undefined
        ? byText(values)
        : (i: number, j: number): number => compare(values[i], values[j]);
    if (install(id, version, orderOf(values, compareAt))) return;
  }
  throw conflict(`VectorRef ${id}`);
}

/** As Array.prototype.sort: stable, with undefined last and never compared. */
function orderOf(values: readonly unknown[], compareAt: CompareAt): Uint32Array {
  const defined: number[] = [];
  const missing: number[] = [];
  for (let i = 0; i < values.length; i++) (values[i] === undefined ? missing : defined).push(i);
  return Uint32Array.from(defined.sort(compareAt).concat(missing));
}

function byText(values: readonly unknown[]): CompareAt {
  const texts = values.map(String);
  return (i, j) => {
    const a = texts[i] as string;
    const b = texts[j] as string;
    return a < b ? -1 : a > b ? 1 : 0;
  };
}

function install(id: number, version: number, order: Uint32Array): boolean {
  try {
    native.vectorPermute(id, version, order);
    return true;
  } catch (error) {
    if (hasCode(error, 'ERR_CONFLICT')) return false;
    throw error;
  }
}

/** All elements at one moment, or undefined if the vector was changed between two pieces. */
function readAll(id: number, mode: 0 | 2): Snapshot | undefined {
  const values: unknown[] = [];
  let version = -1;
  for (;;) {
    const piece = native.vectorRead(id, values.length, batch, mode);
    const pieceVersion = native.out[3] as number;
    if (version === -1) version = pieceVersion;
    else if (version !== pieceVersion) return undefined;
    for (const value of outAll(piece)) values.push(value);
    if (piece.length < batch) return { values, version };
  }
}
