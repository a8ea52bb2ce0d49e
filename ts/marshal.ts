// Values on their way into the heap and out of it. Primitives travel as they are; a ref travels as
// the addon's sentinel, with its id in the arrays that types/native.d.ts describes.
import { types } from 'node:util';
import type { Primitive, Value } from '../types/native';
import { SharedHeapError, describe } from './errors';
import { native } from './native';
import type { Ref } from './ref';
import { BORROWED, BRAND, OWNED, isRef, isScoped } from './ref';
import { refAt } from './registry';

const { REF, refIds, refMoves } = native;

const NO_MOVE = 0;
const MOVE = 1;
const MOVE_UNSCOPED = 2;

/** A value out of the heap as `get` gives it: a primitive, or a ref that borrows. */
export function out(value: Value): unknown {
  return value === REF ? refAt(0, BORROWED) : value;
}

/** A value that was handed over or acquired: a ref owns its claim. */
export function outOwned(value: Value): unknown {
  return value === REF ? refAt(0, OWNED) : value;
}

/** Keys and values in turn, from entry `start` to `end`, for one call. */
export function toEntries(
  keys: readonly Primitive[],
  values: readonly unknown[],
  start: number,
  end: number,
  withMoves: boolean,
): Value[] {
  const marshalled: Value[] = [];
  for (let i = start; i < end; i++) {
    const value = values[i];
    marshalled.push(keys[i]);
    const place = marshalled.length;
    marshalled.push(isPrimitive(value) ? value : placeRef(value, place, withMoves));
  }
  return marshalled;
}

/** In place: an array of values as `get` gives them. */
export function outAll(values: Value[]): unknown[] {
  return outEach(values, false);
}

/** In place: an array of values that were handed over. */
export function outAllOwned(values: Value[]): unknown[] {
  return outEach(values, true);
}

function outEach(values: unknown[], owned: boolean): unknown[] {
  const made = owned ? OWNED : BORROWED;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === REF) values[i] = refAt(i, made);
  }
  return values;
}

/**
 * A value for a write, as value number `place` of the next call. A ref marked by `move()` goes with
 * its claim; call `finishMoved` when the write has succeeded.
 */
export function toValue(value: unknown, place: number): Value {
  return isPrimitive(value) ? value : placeRef(value, place, true);
}

/** A value that is compared, or held without taking a claim over. */
export function toHeldValue(value: unknown, place: number): Value {
  return isPrimitive(value) ? value : placeRef(value, place, false);
}

/** The values from `start` to `end` for one call; the first is value number `place`. */
export function toValues(
  values: readonly unknown[],
  start: number,
  end: number,
  withMoves: boolean,
): Value[] {
  const marshalled: Value[] = new Array<Value>(end - start);
  for (let i = start; i < end; i++) {
    const value = values[i];
    const place = i - start;
    marshalled[place] = isPrimitive(value) ? value : placeRef(value, place, withMoves);
  }
  return marshalled;
}

/** After a write that took the value over: a moved ref is finished. */
export function finishMoved(value: unknown): void {
  if (typeof value === 'object' && value !== null) (value as Ref)[BRAND](native);
}

/** `finishMoved` for several. */
export function finishAllMoved(values: readonly unknown[]): void {
  for (const value of values) finishMoved(value);
}

/**
 * For writes in several steps, which hold moved refs like all others until everything has
 * succeeded: gives their claims up and finishes them.
 */
export function settleMoved(values: Iterable<unknown>): void {
  for (const value of values) {
    if (isRef(value) && isMoving(value)) {
      native.dispose(value.id);
      value[BRAND](native);
    }
  }
}

/** Whether a ref is marked by `move()`; throws for a finished one. */
export function isMoving(ref: Ref): boolean {
  return ref[BRAND]();
}

const NONE: Iterable<Ref> = [];

/**
 * Checks values before the first of several is written: throws what the write of one of them would
 * throw, and for a ref that is moved twice. Those that are moved, for `settleMoved`.
 */
export function checkValues(values: readonly unknown[]): Iterable<Ref> {
  let moving: Set<Ref> | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (isPrimitive(value)) continue;
    const ref = requireRef(value);
    if (!isMoving(ref)) continue;
    moving ??= new Set();
    if (moving.has(ref)) {
      throw new SharedHeapError(
        'ERR_NO_CLAIM',
        `${describe(ref)} with id ${ref.id} is moved twice in one call but owns one claim; ` +
          'move the ref once, and the result of retain() the second time',
      );
    }
    moving.add(ref);
  }
  return moving ?? NONE;
}

/** Throws if one of the refs among checked values stands for an object that is gone. */
export function checkAlive(values: readonly unknown[]): void {
  for (const value of values) {
    if (isRef(value)) native.attach(value.id, 0);
  }
}

/** Whether a value is stored as it is. */
export function isPrimitive(value: unknown): value is Primitive {
  const type = typeof value;
  return type === 'object' ? value === null : type !== 'function' && type !== 'symbol';
}

function placeRef(value: unknown, place: number, withMove: boolean): Value {
  const ref = requireRef(value);
  const moving = isMoving(ref);
  refIds[place] = ref.id;
  refMoves[place] = moving && withMove ? (isScoped(ref) ? MOVE : MOVE_UNSCOPED) : NO_MOVE;
  return REF;
}

function requireRef(value: unknown): Ref {
  if (isRef(value)) return value;
  throw unsupportedValue(value);
}

/** ERR_UNSUPPORTED_VALUE that names what to store instead; `where` as in ` at $.a`, ` as a key`. */
export function unsupportedValue(value: unknown, where = ''): SharedHeapError {
  return new SharedHeapError(
    'ERR_UNSUPPORTED_VALUE',
    `${describe(value)}${where} cannot be stored in the shared heap${adviceFor(value)}`,
  );
}

function adviceFor(value: unknown): string {
  if (typeof value === 'function') return '; only data is shared';
  if (typeof value === 'symbol') return '; store its description';
  if (types.isDate(value)) return '; store its number: date.getTime()';
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) {
    return '; store BufferRef.from(bytes)';
  }
  if (types.isSet(value)) return '; store share([...set])';
  if (types.isPromise(value)) return '; await it first';
  if (isPrimitive(value)) return ' on its own; a container can hold it';
  return '; plain objects, arrays and Maps can be stored as share(value)';
}
