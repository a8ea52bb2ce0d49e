// Waiting for an object to change, with and without blocking the thread.
import { invalidArgType, outOfRange, requireOptions } from './errors';
import { forget, handle, letGo, stayAlive } from './events';
import { native } from './native';

/** What an attempt returns that has to be made again once the object has changed. */
export const NOT_YET = Symbol('not yet');

/** Milliseconds. A thread that sleeps longer would be stopped late: see design 7.4. */
const SLICE = 20;
const LONGEST_TIMER = 2 ** 31 - 1;

/** How long a call may wait. */
export interface WaitOptions {
  /** Milliseconds; without it, or with `Infinity`, for ever. 0: not at all. */
  readonly timeout?: number | undefined;
}

/**
 * The timeout of a method's options, in milliseconds.
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
 */
export function timeoutOf(options: WaitOptions | undefined, otherwise = Infinity): number {
  requireOptions(options);
  const { timeout = otherwise } = (options ?? {}) as { timeout?: unknown };
  if (typeof timeout !== 'number') {
    throw invalidArgType('options.timeout', 'a number of milliseconds', timeout);
  }
  if (!(timeout >= 0)) {
    throw outOfRange('options.timeout', 'a number of milliseconds, 0 or more', timeout);
  }
  return timeout;
}

/** The moment, in milliseconds of `performance.now()`, when a time is up that begins now. */
export function deadline(timeout: number): number {
  return timeout === Infinity ? Infinity : performance.now() + timeout;
}

export function isOver(end: number): boolean {
  return end !== Infinity && performance.now() >= end;
}

/**
 * One turn of a loop that blocks. A function of its own, so that V8 looks between two turns whether
 * the thread is to stop.
 */
export function sleepUntil(end: number): void {
  const left = end === Infinity ? SLICE : end - performance.now();
  native.park(Math.min(SLICE, Math.max(1, Math.ceil(left))));
}

/**
 * Calls `attempt` at once and whenever the object may have changed, until it returns something else
 * than NOT_YET or the time is up: then it returns, or throws, what `onTimeout` does. Blocks.
 */
export function waitUntil<T>(
  id: number,
  attempt: () => T | typeof NOT_YET,
  timeout: number,
  onTimeout: () => T,
): T {
  const first = attempt();
  if (first !== NOT_YET) return first;
  if (timeout === 0) return onTimeout();
  const end = deadline(timeout);
  const token = native.watch(id, true);
  let settled = false;
  try {
    for (;;) {
      const result = attempt();
      if (result !== NOT_YET) return result;
      if (isOver(end)) return onTimeout();
      sleepUntil(end);
      settled ||= native.watchSettle(token);
    }
  } finally {
    native.unwatch(token);
  }
}

/** The same without blocking. The environment stays alive meanwhile. */
export async function waitUntilAsync<T>(
  id: number,
  attempt: () => T | typeof NOT_YET,
  timeout: number,
  onTimeout: () => T,
): Promise<T> {
  const first = attempt();
  if (first !== NOT_YET) return first;
  if (timeout === 0) return onTimeout();
  const token = native.watch(id, false);
  const end = deadline(timeout);
  // What comes is a function, for errors to be thrown here.
  const outcome = await new Promise<() => T>((resolve) => {
    const finish = (result: () => T): void => {
      timer.cancel();
      stopSettling();
      forget(token);
      native.unwatch(token);
      letGo();
      resolve(result);
    };
    const look = (): void => {
      try {
        const result = attempt();
        if (result !== NOT_YET) finish(() => result);
      } catch (error) {
        finish(() => {
          throw error;
        });
      }
    };
    const timer = callAt(end, () => {
      finish(onTimeout);
    });
    const stopSettling = settle(token);
    stayAlive();
    handle(token, look);
    look(); // it may have changed before the watch began
  });
  return outcome();
}

/** Calls back once, at a moment that may be further away than timers reach. */
export function callAt(end: number, callback: () => void): { cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    if (end === Infinity) return;
    const left = Math.max(0, end - performance.now());
    timer = setTimeout(left > LONGEST_TIMER ? arm : callback, Math.min(left, LONGEST_TIMER));
  };
  arm();
  return {
    cancel() {
      clearTimeout(timer);
    },
  };
}

/**
 * Looks for stores of other threads that were under way when a watch began, until there can be none.
 * Ends that.
 */
export function settle(token: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    if (native.watchSettle(token)) return;
    timer = setTimeout(look, SLICE);
    timer.unref();
  };
  look();
  return () => {
    clearTimeout(timer);
  };
}
