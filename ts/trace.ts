// SHARED_HEAP_TRACE=1: where objects are made. The functions of the addon that make objects are
// wrapped, so that without the variable nothing is there to pay for.
import { sep } from 'node:path';
import type { Native } from '../types/native';

const UNKNOWN = 0;

/** Frames of this package and of Node's own modules say nothing about who made an object. */
const own = __dirname + sep;
const internal = 'node:internal/';

/** The addon, with the stack of each call that makes objects kept with them. */
export function traced(native: Native): Native {
  const site = (caller: unknown): number => {
    const stack = stackOf(caller);
    return stack === '' ? UNKNOWN : native.traceSite(stack);
  };

  const one = <A extends unknown[]>(make: (...args: A) => number) =>
    function tracedCall(...args: A): number {
      const id = make(...args);
      native.traceObject(id, site(tracedCall));
      return id;
    };

  const many = <A extends unknown[]>(make: (...args: A) => number[]) =>
    function tracedCall(...args: A): number[] {
      const ids = make(...args);
      const made = site(tracedCall);
      for (const id of ids) native.traceObject(id, made);
      return ids;
    };

  return {
    ...native,
    fast: undefined, // they make numbers too
    stringNew: one(native.stringNew),
    numberNew: one(native.numberNew),
    mapNew: one(native.mapNew),
    vectorNew: one(native.vectorNew),
    recordNew: one(native.recordNew),
    recordNewMany: many(native.recordNewMany),
    bytesNew: one(native.bytesNew),
    bytesFrom: one(native.bytesFrom),
  };
}

/** The frames above a function that say something; empty if there are none. */
function stackOf(caller: unknown): string {
  const holder: { stack?: unknown } = {};
  try {
    Error.captureStackTrace(holder, caller as () => void);
    const { stack } = holder; // may call the program's own Error.prepareStackTrace
    if (typeof stack !== 'string') return '';
    return stack
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.startsWith('at ') && !line.includes(own) && !line.includes(internal))
      .join('\n');
  } catch {
    return '';
  }
}
