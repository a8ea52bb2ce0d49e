// Waiting for an object to change. TEMPORARY: polls once a millisecond.
import { invalidArgType, outOfRange } from './errors';

/** What an attempt returns when it has to be made again. */
export const NOT_YET: unique symbol = Symbol('not yet');

const nothing = new Int32Array(new SharedArrayBuffer(4));

/**
 * Calls `attempt` at once and after each change of the object until it returns something else than
 * NOT_YET. Blocks the thread.
 * @throws what `onTimeout` returns when `timeout` milliseconds (undefined: for ever) are over
 */
export function waitUntil<T>(
  _id: number,
  attempt: () => T | typeof NOT_YET,
  timeout: number | undefined,
  onTimeout: () => Error,
): T {
  const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
  for (;;) {
    const result = attempt();
    if (result !== NOT_YET) return result;
    if (performance.now() >= deadline) throw onTimeout();
    Atomics.wait(nothing, 0, 0, 1);
  }
}

/** The same without blocking the thread. */
export async function waitUntilAsync<T>(
  _id: number,
  attempt: () => T | typeof NOT_YET,
  timeout: number | undefined,
  onTimeout: () => Error,
): Promise<T> {
  const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
  for (;;) {
    const result = attempt();
    if (result !== NOT_YET) return result;
    if (performance.now() >= deadline) throw onTimeout();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A timeout in milliseconds; undefined stands for no end, as Infinity does. */
export function checkTimeout(value: unknown, name: string): number | undefined {
  if (value === undefined || value === Infinity) return undefined;
  if (typeof value !== 'number') throw invalidArgType(name, 'a number of milliseconds', value);
  if (!(value >= 0)) throw outOfRange(name, 'at least 0', value);
  return value;
}
