import type { Key, Value } from '../types/native';
import { conflict } from './errors';
import { disposeIfMoving, isRef } from './ref';
import type { Ref } from './ref';
import { finishMoved, outOwned, toValue } from './marshal';
import { native } from './native';
import { refFromId } from './registry';

const { REF, refIds, refMoves } = native;

/**
 * How often `update` starts over. Each time somebody else has succeeded; a callback that does little
 * gets its turn long before (decision 51).
 */
const UPDATE_TRIES = 10_000;

/**
 * Sets a key to what `callback` makes of its value, if the value is still the same then; else starts
 * over. Returns the new value; a ref borrows.
 */
export function updateEntry(id: number, key: Key, callback: (value: unknown) => unknown): unknown {
  for (let attempt = 0; attempt < UPDATE_TRIES; attempt++) {
    const stored = native.mapAcquire(id, key);
    const storedId = refIds[0] as number;
    const value = outOwned(stored);
    let next: unknown;
    try {
      next = callback(value);
      // Before the exchange, after which nothing may fail; the ref that was returned may be finished by it.
      const result = isRef(next) ? refFromId(next.id) : next;
      if (exchange(id, key, stored, storedId, next)) return result;
    } finally {
      disposeIfMoving(next);
      if (stored === REF) (value as Ref)[Symbol.dispose]();
    }
  }
  throw conflict(`the value of a key of MapRef ${id}`, UPDATE_TRIES);
}

/** Installs `next` if the value is the one that was read. */
function exchange(id: number, key: Key, stored: Value, storedId: number, next: unknown): boolean {
  const value = toValue(next, 1);
  refIds[0] = storedId; // of use if it is a ref
  refMoves[0] = 0;
  native.mapCompareExchange(id, key, stored, value);
  if (native.out[0] !== 1) return false;
  finishMoved(next);
  return true;
}
