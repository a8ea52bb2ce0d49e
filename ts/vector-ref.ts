import { invalidArgType, readAll, requireCount, requireFunction } from './errors';
import { fastResult, tryPush, trySetElement } from './fast';
import type { IdLike } from './ids';
import { inspectVector, showBy } from './inspect';
import { toIndex, toInteger } from './integers';
import {
  checkValues,
  finishMoved,
  out,
  outAll,
  outOwned,
  settleMoved,
  toHeldValue,
  toValue,
} from './marshal';
import { markChanged } from './marks';
import { openNamed } from './names';
import { native } from './native';
import { obtain, obtainElement } from './obtain';
import { isObject } from './plain';
import type { RefArgs } from './ref';
import { FORGET, Ref, acquire, adopt, idOf, newOwner, notThisClass } from './ref';
import { registerClass } from './registry';
import type { Plain, SharedValue, Untyped } from './values';
import { ElementView, MISS, NEVER, placeOf, readSize, wordOf } from './view';
import { pushPiece, pushValues, spliceValues, takeValues, unshiftValues } from './vector-pieces';
import { sortVector } from './vector-sort';
import { vectorIterator } from './vector-iterator';
import { VectorWalk } from './vector-walk';

const { REF, batch, modes } = native;

const createEmpty = (): number => native.vectorNew();

/**
 * A shared array of primitives and refs. It holds the objects that its elements refer to.
 *
 * What `at`, iterators and callbacks give are primitives, or refs that *borrow*: if other threads may
 * remove the element use `acquire`, whose refs you drop. What is taken out (`pop`, `shift`, `splice`)
 * comes as refs that own what the vector held. Methods named as those of `Array` convert their
 * indices and treat changes by callbacks as those do.
 *
 * Reading or setting an element, `push`, `pop`, `shift` and `unshift` take (amortised) O(1) and are
 * one step to other threads; more than 1,024 values at once are added or removed in several steps.
 */
export class VectorRef<V extends SharedValue = Untyped> extends Ref<'VectorRef'> {
  /** See NumberRef. */
  readonly #slot: number;
  #word: number;
  readonly #view = new ElementView();

  /**
   * Without argument a new empty vector, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'VectorRef'>) {
    super('VectorRef', args, createEmpty);
    this.#slot = placeOf(this.id);
    this.#word = wordOf(this.id, native.types.VectorRef);
  }

  /**
   * A new vector of these values, owned by the ref. If one fails nothing is made, and moved refs
   * stay what they were.
   * @throws `ERR_UNSUPPORTED_VALUE` for values that are neither primitives nor refs: see `share`
   */
  static from<V>(values: Iterable<V> & Iterable<SharedValue>): VectorRef<Extract<V, SharedValue>> {
    const all = readAll(values, 'values');
    const moving = checkValues(all);
    const vector = newOwner(VectorRef<Extract<V, SharedValue>>, native.vectorNew());
    try {
      for (let i = 0; i < all.length; i += batch) {
        pushPiece(vector.id, all, i, Math.min(i + batch, all.length), false);
      }
    } catch (error) {
      vector[Symbol.dispose]();
      throw error;
    }
    settleMoved(moving);
    return vector;
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt<V extends SharedValue = Untyped>(id: IdLike<'VectorRef'>): VectorRef<V> {
    return adopt(new VectorRef<V>(id));
  }

  /** Attaches with a claim of its own. */
  static acquire<V extends SharedValue = Untyped>(id: IdLike<'VectorRef'>): VectorRef<V> {
    return acquire(new VectorRef<V>(id));
  }

  /** The vector of a name, made with these values if the name is free. The ref borrows. */
  static named<V>(
    name: string,
    values: Iterable<V> & Iterable<SharedValue>,
  ): VectorRef<Extract<V, SharedValue>>;
  static named<V extends SharedValue = Untyped>(name: string): VectorRef<V>;
  static named(name: string, values: Iterable<SharedValue> = []): VectorRef<SharedValue> {
    return openNamed(name, VectorRef<SharedValue>, () => VectorRef.from(values));
  }

  /** Number of elements. O(1). */
  get length(): number {
    return this.len();
  }

  /** Number of elements. O(1). */
  len(): number {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const length = readSize(this.#slot, this.#word);
    return length === MISS ? native.vectorLength(idOf(this)) : length;
  }

  /**
   * The element at an index, from the end if negative, in one step; undefined if there is none. A ref
   * borrows.
   */
  at(index: number): V | undefined {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const number = this.#peek(index);
    if (number === number) return number as V;
    const value = this.#view.read(this.#slot, this.#word, index);
    if (value !== MISS) return value as V | undefined;
    const id = idOf(this);
    return out(native.vectorGet(id, toInteger(index))) as V | undefined;
  }

  /** The element at an index from 0 on; undefined for any other number. A ref borrows. */
  index(index: number): V | undefined {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const number = this.#peek(index);
    if (number === number) return number as V;
    if (typeof index === 'number' && index >= 0) {
      const value = this.#view.read(this.#slot, this.#word, index);
      if (value !== MISS) return value as V | undefined;
    }
    const isNegative = typeof index === 'number' && index < 0;
    return out(native.vectorGet(idOf(this), isNegative ? NaN : index)) as V | undefined;
  }

  /** As `at`, in one step with `retain`: a ref owns a claim, and you drop it. */
  acquire(index: number): V | undefined {
    const id = idOf(this);
    return outOwned(native.vectorAcquire(id, toInteger(index))) as V | undefined;
  }

  /**
   * As `at`, without refs: texts and numbers as their values, other objects as plain copies (see
   * `obtainValue`).
   */
  valueAt(index: number): Plain<V> | undefined {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const number = this.#peek(index);
    if (number === number) return number as Plain<V>;
    const read = this.#view.read(this.#slot, this.#word, index);
    if (read !== MISS) return read as Plain<V> | undefined;
    const id = idOf(this);
    const at = toInteger(index);
    const value = native.vectorGetValue(id, at);
    const plain = value === REF ? obtainElement(id, () => native.vectorGetValue(id, at)) : value;
    return plain as Plain<V> | undefined;
  }

  /** The number at an index from 0 on; NaN for all that the view cannot tell. */
  #peek(index: number): number {
    if (typeof index !== 'number') return NaN; // a typed array has properties with other keys
    return this.#view.peek(this.#slot, this.#word, index);
  }

  /**
   * Replaces the element at an index and releases the former one. A ref marked by `move()` gives its
   * claim to the vector and is finished; any other keeps its claim.
   * @throws `ERR_OUT_OF_RANGE` if there is no such element, `ERR_UNSUPPORTED_VALUE`, `ERR_HEAP_FULL`
   */
  setAt(index: number, value: V): this {
    const id = idOf(this);
    if (!trySetElement(id, index, value)) {
      native.vectorSet(id, index, toValue(value, 0));
      finishMoved(value);
    }
    markChanged(id);
    return this;
  }

  /** Appends values, all or none; returns the new length. Takes moved refs as `setAt` does. */
  push(...values: V[]): number {
    const id = idOf(this);
    const length = values.length === 1 ? pushOne(id, values[0]) : pushValues(id, values);
    markChanged(id);
    return length;
  }

  /** Inserts values at the front, all or none; returns the new length. See `push`. */
  unshift(...values: V[]): number {
    const id = idOf(this);
    const length = unshiftValues(id, values);
    markChanged(id);
    return length;
  }

  /** Takes the last element out; undefined if there is none. A ref owns what the vector held. */
  pop(): V | undefined {
    const id = idOf(this);
    const value = native.vectorPop(id);
    markChanged(id);
    return outOwned(value) as V | undefined;
  }

  /** Takes the first element out; undefined if there is none. A ref owns what the vector held. */
  shift(): V | undefined {
    const id = idOf(this);
    const value = native.vectorShift(id);
    markChanged(id);
    return outOwned(value) as V | undefined;
  }

  /**
   * Takes up to `count` elements out, from the first on; fewer if there are no more. Returns a plain
   * array; its refs own what the vector held. One step to other threads for each 1,024.
   * @throws `ERR_OUT_OF_RANGE` unless `count` is a whole number from 0 on, or Infinity
   */
  takeMany(count: number): V[] {
    const id = idOf(this);
    requireCount(count);
    const taken = takeValues(id, count);
    markChanged(id);
    return taken as V[];
  }

  /** Removes an element and releases it; false if there is none. O(distance to the nearer end). */
  removeAt(index: number): boolean {
    const id = idOf(this);
    const existed = native.vectorRemoveAt(id, index);
    markChanged(id);
    return existed;
  }

  /**
   * Replaces elements as `Array.prototype.splice` does, all or nothing. Returns a plain array of
   * those removed; its refs own what the vector held, and you drop them. One step to other threads
   * unless more than 1,024 go in or out.
   */
  splice(...args: [start?: number, deleteCount?: number, ...values: V[]]): V[] {
    const id = idOf(this);
    const [start, deleteCount, ...values] = args;
    const from = toInteger(start);
    let count = 0;
    if (args.length === 1) count = Infinity;
    else if (args.length > 1) count = Math.max(toInteger(deleteCount), 0);
    const removed = spliceValues(id, from, count, values);
    markChanged(id);
    return removed as V[];
  }

  /** A plain array of elements; refs borrow. Read 1,024 at a time. */
  slice(start?: number, end?: number): V[] {
    const id = idOf(this);
    const length = native.vectorLength(id);
    const values: unknown[] = [];
    const last = toIndex(end, length, length);
    for (let at = toIndex(start, length, 0); at < last; at += batch) {
      const piece = native.vectorRead(id, at, Math.min(batch, last - at), modes.borrow);
      for (const value of outAll(piece)) values.push(value);
    }
    return values as V[];
  }

  /**
   * Sets elements to one value, in one step, each of them with a hold of its own. A ref marked by
   * `move()` has one claim to give: it fills exactly one place (else `ERR_UNSUPPORTED_VALUE`).
   */
  fill(value: V, start?: number, end?: number): this {
    const id = idOf(this);
    // Before the value is placed: an index may be an object whose valueOf() uses the heap.
    const first = toInteger(start);
    const last = end === undefined ? Infinity : toInteger(end);
    native.vectorFill(id, toValue(value, 0), first, last);
    finishMoved(value);
    markChanged(id);
    return this;
  }

  /** Removes all elements and releases them. O(length). */
  clear(): void {
    const id = idOf(this);
    native.vectorClear(id);
    markChanged(id);
  }

  /** O(length); refs are the same if they stand for the same object, NaN is NaN. */
  includes(value: V, from?: number): boolean {
    return indexOf(idOf(this), value, from, true) !== -1;
  }

  /** O(length); -1 if there is none. Refs are the same if they stand for the same object. */
  indexOf(value: V, from?: number): number {
    return indexOf(idOf(this), value, from, false);
  }

  /** O(length); -1 if there is none. */
  lastIndexOf(value: V, ...args: [from?: number]): number {
    const id = idOf(this);
    const from = args.length === 0 ? Infinity : toInteger(args[0]);
    return native.vectorIndexOf(id, toHeldValue(value, 0), from, true, false);
  }

  /** Calls back for each element. Refs borrow. */
  forEach(callback: (value: V, index: number, vector: this) => void, thisArg?: unknown): void {
    const id = idOf(this);
    requireFunction(callback, 'callback');
    walk<V>(id, (value, index) => {
      callback.call(thisArg, value, index, this);
    });
  }

  /** A plain array of results. */
  map<R>(callback: (value: V, index: number, vector: this) => R, thisArg?: unknown): R[] {
    const id = idOf(this);
    requireFunction(callback, 'callback');
    const results: R[] = [];
    results.length = walk<V>(id, (value, index) => {
      results[index] = callback.call(thisArg, value, index, this);
    });
    return results;
  }

  /** A plain array of the elements for which the callback returns something truthy. Refs borrow. */
  filter(callback: (value: V, index: number, vector: this) => unknown, thisArg?: unknown): V[] {
    const id = idOf(this);
    requireFunction(callback, 'callback');
    const kept: V[] = [];
    walk<V>(id, (value, index) => {
      if (callback.call(thisArg, value, index, this)) kept.push(value);
    });
    return kept;
  }

  /** @throws `TypeError` for an empty vector without initial value */
  reduce(callback: (before: V, value: V, index: number, vector: this) => V): V;
  reduce<R>(callback: (before: R, value: V, index: number, vector: this) => R, initial: R): R;
  reduce<R>(
    callback: (before: R, value: V, index: number, vector: this) => R,
    ...initial: [] | [R]
  ): R {
    const id = idOf(this);
    requireFunction(callback, 'callback');
    let hasResult = initial.length > 0;
    let result = initial[0] as R;
    walk<V>(id, (value, index) => {
      result = hasResult ? callback(result, value, index, this) : (value as unknown as R);
      hasResult = true;
    });
    if (!hasResult) throw invalidArgType('initial', 'given to reduce an empty vector', undefined);
    return result;
  }

  /** The first element for which the callback returns something truthy. A ref borrows. */
  find(
    callback: (value: V, index: number, vector: this) => unknown,
    thisArg?: unknown,
  ): V | undefined {
    return search(idOf(this), this, callback, thisArg, false).value;
  }

  /** The index of that element, or -1. */
  findIndex(
    callback: (value: V, index: number, vector: this) => unknown,
    thisArg?: unknown,
  ): number {
    return search(idOf(this), this, callback, thisArg, false).index;
  }

  /** The last element for which the callback returns something truthy. A ref borrows. */
  findLast(
    callback: (value: V, index: number, vector: this) => unknown,
    thisArg?: unknown,
  ): V | undefined {
    return search(idOf(this), this, callback, thisArg, true).value;
  }

  /** The index of that element, or -1. */
  findLastIndex(
    callback: (value: V, index: number, vector: this) => unknown,
    thisArg?: unknown,
  ): number {
    return search(idOf(this), this, callback, thisArg, true).index;
  }

  /** As `Array.prototype.join` of the plain copy. */
  join(separator?: string): string {
    const copy = obtain(idOf(this), native.types.VectorRef, 0, false) as unknown[];
    return copy.join(separator);
  }

  /** Reverses the vector in place, in one step. O(length). */
  reverse(): this {
    const id = idOf(this);
    native.vectorReverse(id);
    markChanged(id);
    return this;
  }

  /**
   * Sorts as `Array.prototype.sort`; refs borrow. A copy is sorted and the order installed in one
   * step if the vector was not changed meanwhile, else it starts over.
   * @throws `ERR_CONFLICT` if it was changed during each of 3 tries
   */
  sort(compare?: (a: V, b: V) => number): this {
    const id = idOf(this);
    if (compare !== undefined) requireFunction(compare, 'compare');
    sortVector(id, compare as ((a: unknown, b: unknown) => number) | undefined);
    markChanged(id);
    return this;
  }

  /**
   * Iterates over the elements, live as an Array's iterator. Elements are fetched up to 1,024 at a
   * time: what *other* threads change meanwhile may be seen late. Refs borrow.
   */
  [Symbol.iterator](): ArrayIterator<V> {
    return vectorIterator(idOf(this), this.#slot, this.#word);
  }

  /**
   * A deep plain copy: an array, texts and numbers as their values, and so on downwards. What is
   * reached twice is one copy, cycles included. O(everything reached). One step to other threads
   * only for each 1,024 elements of each object.
   * @throws `ERR_CONFLICT` if other threads keep dropping parts of it meanwhile
   */
  obtainValue(): Plain<V>[] {
    return obtain(idOf(this), native.types.VectorRef, 0, false) as Plain<V>[];
  }

  override [FORGET](): void {
    this.#word = NEVER;
  }

  override toJSON(): unknown[] {
    return obtain(idOf(this), native.types.VectorRef, 0, true) as unknown[];
  }
}

registerClass('VectorRef', VectorRef);
showBy(VectorRef, inspectVector);

/** What `pushValues` does, for the common case and without its arrays. */
function pushOne(id: number, value: unknown): number {
  if (tryPush(id, value)) return fastResult();
  const length = native.vectorPush(id, toValue(value, 0));
  finishMoved(value);
  return length;
}

function indexOf(
  id: number,
  value: unknown,
  from: number | undefined,
  sameValueZero: boolean,
): number {
  const start = toInteger(from);
  return native.vectorIndexOf(id, toHeldValue(value, 0), start, false, sameValueZero);
}

/** Visits the elements up to the present length that are still there then; returns that length. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- saves callers a cast
function walk<V>(id: number, visit: (value: V, index: number) => void): number {
  const length = native.vectorLength(id);
  const elements = new VectorWalk(id, modes.borrow, outAll);
  for (let i = 0; i < length && elements.at(i); i++) visit(elements.value as V, i);
  return length;
}

function search<V, T>(
  id: number,
  vector: T,
  callback: (value: V, index: number, vector: T) => unknown,
  thisArg: unknown,
  backwards: boolean,
): { value: V | undefined; index: number } {
  requireFunction(callback, 'callback');
  const length = native.vectorLength(id);
  const elements = new VectorWalk(id, modes.borrow, outAll);
  for (let i = 0; i < length; i++) {
    const index = backwards ? length - 1 - i : i;
    // As in an Array, an element that is gone by now counts as undefined.
    const isThere = backwards ? elements.atFromEnd(index) : elements.at(index);
    const value = (isThere ? elements.value : undefined) as V;
    if (callback.call(thisArg, value, index, vector)) return { value, index };
  }
  return { value: undefined, index: -1 };
}
