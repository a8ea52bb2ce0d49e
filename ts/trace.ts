// SHARED_HEAP_TRACE=1: where objects are made. The functions of the addon that make objects are
// wrapped, so that without the variable nothing is there to pay for.
import { sep } from 'node:path';
import type { Native } from '../types/native';

const UNKNOWN = 0;

/** The functions of the addon that make objects and return their ids. */
const MAKERS = [
  'stringNew',
  'numberNew',
  'mapNew',
  'vectorNew',
  'queueNew',
  'recordNew',
  'recordNewMany',
  'bytesNew',
  'bytesFrom',
] as const satisfies readonly (keyof Native)[];

/** Frames of this package and of Node's own modules say nothing about who made an object. */
const own = __dirname + sep;
const internal = 'node:internal/';

type Maker = (...args: unknown[]) => number | number[];

/** The addon, with the stack of each call that makes objects kept with them. */
export function traced(native: Native): Native {
  const site = (caller: unknown): number => {
    const stack = stackOf(caller);
    return stack === '' ? UNKNOWN : native.traceSite(stack);
  };

  const makers = native as unknown as Record<(typeof MAKERS)[number], Maker>;
  const wrapped: Record<string, Maker> = {};
  for (const name of MAKERS) {
    const make = makers[name];
    wrapped[name] = function tracedCall(...args: unknown[]): number | number[] {
      const made = make(...args);
      const at = site(tracedCall);
      if (typeof made === 'number') native.traceObject(made, at);
      else for (const id of made) native.traceObject(id, at);
      return made;
    };
  }
  return { ...native, ...wrapped, fast: undefined }; // fast calls make numbers too
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
