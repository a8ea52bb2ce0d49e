/** Errors about the state of the heap and its ids. `code` is stable, the message is for people. */
export class SharedHeapError extends Error {
  /** For example `ERR_USE_AFTER_FREE`; the README lists them all. */
  readonly code: string;

  /** For this package; programs compare `code`. */
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

// On the prototype, as the built-in error classes have it, so that it is no property of each error.
Object.defineProperty(SharedHeapError.prototype, 'name', {
  value: 'SharedHeapError',
  configurable: true,
  writable: true,
});

/** A TypeError with the code of all wrong arguments. */
export function invalidArgType(parameter: string, expected: string, actual: unknown): TypeError {
  const message = `${parameter} must be ${expected}, got ${describe(actual)}`;
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A RangeError with the code of all arguments of the right type and an impossible value. */
export function outOfRange(parameter: string, expected: string, actual: unknown): RangeError {
  const message = `${parameter} must be ${expected}, got ${describe(actual)}`;
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' });
}

export function requireFunction(value: unknown, parameter: string): void {
  if (typeof value !== 'function') throw invalidArgType(parameter, 'a function', value);
}

/** Options that were given are an object. */
export function requireOptions(value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) {
    throw invalidArgType('options', 'an object', value);
  }
}

/** Whether a number is one of items: whole, from 0 on, or Infinity for all there are. */
export function requireCount(value: unknown): void {
  if (typeof value !== 'number') throw invalidArgType('count', 'a number', value);
  if (value >= 0 && (Number.isInteger(value) || value === Infinity)) return;
  throw outOfRange('count', 'a whole number from 0 on, or Infinity', value);
}

/** The items of an iterable, read to the end before anything else is done. */
export function readAll(values: unknown, parameter: string): unknown[] {
  if (!isIterable(values)) throw invalidArgType(parameter, 'an iterable', values);
  return [...values];
}

export function isIterable(value: unknown): value is Iterable<unknown> {
  const { [Symbol.iterator]: iterator } = Object(value) as Partial<Iterable<unknown>>;
  return typeof iterator === 'function';
}

/** Whether an error has this code, even if the class is that of another copy of this package. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as Partial<SharedHeapError>).code === code;
}

/**
 * Runs a read of several objects again when one of them was dropped by another thread between two
 * steps of it. `root` tells whether the object asked for is itself alive: if not, that is the error.
 */
export function retryWhileChanging<R>(what: string, rootIsAlive: () => boolean, read: () => R): R {
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    try {
      return read();
    } catch (error) {
      if (!hasCode(error, 'ERR_USE_AFTER_FREE') || !rootIsAlive()) throw error;
    }
  }
  throw conflict(what);
}

/** How often an operation starts over because other threads changed what it reads. */
export const CONFLICT_TRIES = 3;

export function conflict(what: string, tries = CONFLICT_TRIES): SharedHeapError {
  return new SharedHeapError(
    'ERR_CONFLICT',
    `${what} was changed during each of ${tries} tries; try again when it is at rest`,
  );
}

/** An operation has waited as long as it was allowed to. */
export function timedOut(what: string): SharedHeapError {
  return new SharedHeapError('ERR_TIMEOUT', `${what}; give it more time`);
}

/** A value in an error message: its type, and what it is if that is short. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length <= 40 ? JSON.stringify(value) : `a string of length ${value.length}`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
      return 'a bigint';
    case 'boolean':
    case 'undefined':
    case 'symbol':
      return String(value);
    case 'function':
      return 'a function';
    default:
      return value === null ? 'null' : describeObject(value as object);
  }
}

/** `an array`, `a Date`. Never throws, though the object may be a proxy or have getters that do. */
function describeObject(value: object): string {
  try {
    if (Array.isArray(value)) return 'an array';
    const { name } = value.constructor;
    return name === 'Object' || name === '' ? 'an object' : `an object of class ${name}`;
  } catch {
    return 'an object';
  }
}
