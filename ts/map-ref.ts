import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { readAll, requireFunction } from './errors';
import {
  fastResult,
  isAbsent,
  isThere,
  tryAddToKey,
  tryDelete,
  tryGet,
  tryHas,
  trySet,
} from './fast';
import type { IdLike } from './ids';
import { inspectMap } from './inspect';
import type { MapSource } from './map-source';
import { readEntries } from './map-source';
import { updateEntry } from './map-update';
import { MapWalk, tellClear, tellRemoval } from './map-walk';
import {
  checkAlive,
  checkValues,
  finishAllMoved,
  finishMoved,
  out,
  outAll,
  outOwned,
  settleMoved,
  toEntries,
  toHeldValue,
  toValue,
} from './marshal';
import { markChanged } from './marks';
import { openNamed } from './names';
import { native } from './native';
import { obtain, obtainElement } from './obtain';
import type { RefArgs } from './ref';
import { FORGET, Ref, acquire, adopt, disposeIfMoving, idOf, newOwner, notThisClass } from './ref';
import { registerClass } from './registry';
import type { MapKey, Plain, PlainMap, SharedValue, Untyped } from './values';
import { MISS, NEVER, placeOf, readSize, wordOf } from './view';

const { REF, batch, modes } = native;
const ENTRIES_PER_CALL = batch / 2;

const createEmpty = (): number => native.mapNew(false);

/**
 * A shared `Map`: keys are primitives compared by SameValueZero, values are primitives and refs, and
 * iteration is in insertion order. It holds the objects that its values refer to.
 *
 * What `get`, iterators and callbacks give are primitives, or refs that *borrow*: if other threads
 * may remove the entry use `acquire`, whose refs you drop. Reading or writing a key takes expected
 * O(1) and is one step to other threads.
 */
export class MapRef<
  K extends MapKey = MapKey,
  V extends SharedValue = Untyped,
> extends Ref<'MapRef'> {
  /** See NumberRef. */
  readonly #slot: number;
  #word: number;

  /**
   * Without argument a new empty map, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'MapRef'>) {
    super('MapRef', args, createEmpty);
    this.#slot = placeOf(this.id);
    this.#word = wordOf(this.id, native.types.MapRef);
  }

  /**
   * A new map of these entries, owned by the ref. Made from a plain object it gives one back in
   * `obtainValue()`. If an entry fails nothing is made, and moved refs stay what they were.
   * @throws `ERR_UNSUPPORTED_VALUE` for values that are neither primitives nor refs: see `share`
   */
  static from<V>(
    source: Readonly<Record<string, V>> & Readonly<Record<string, SharedValue>>,
  ): MapRef<string, Extract<V, SharedValue>>;
  static from<K, V>(
    source: Iterable<readonly [K, V]> & Iterable<readonly [MapKey, SharedValue]>,
  ): MapRef<Extract<K, MapKey>, Extract<V, SharedValue>>;
  static from<K extends string, V extends SharedValue>(
    source: Readonly<Record<string, V>>,
  ): MapRef<K, V>;
  static from(source: MapSource<MapKey, SharedValue>): MapRef {
    return createFrom(source);
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt<K extends MapKey = MapKey, V extends SharedValue = Untyped>(
    id: IdLike<'MapRef'>,
  ): MapRef<K, V> {
    return adopt(new MapRef<K, V>(id));
  }

  /** Attaches with a claim of its own. */
  static acquire<K extends MapKey = MapKey, V extends SharedValue = Untyped>(
    id: IdLike<'MapRef'>,
  ): MapRef<K, V> {
    return acquire(new MapRef<K, V>(id));
  }

  /** The map of a name, made with these entries if the name is free. The ref borrows. */
  static named<V>(
    name: string,
    source: Readonly<Record<string, V>> & Readonly<Record<string, SharedValue>>,
  ): MapRef<string, Extract<V, SharedValue>>;
  static named<K, V>(
    name: string,
    source: Iterable<readonly [K, V]> & Iterable<readonly [MapKey, SharedValue]>,
  ): MapRef<Extract<K, MapKey>, Extract<V, SharedValue>>;
  static named<K extends MapKey = MapKey, V extends SharedValue = Untyped>(
    name: string,
    source?: MapSource<K, V>,
  ): MapRef<K, V>;
  static named(
    name: string,
    source: MapSource<MapKey, SharedValue> = [],
  ): MapRef<MapKey, SharedValue> {
    return openNamed(name, MapRef<MapKey, SharedValue>, () => createFrom(source));
  }

  /** Number of entries. O(1). */
  get size(): number {
    return this.len();
  }

  /** Number of entries. O(1). */
  len(): number {
    if (!(#slot in this)) throw notThisClass(this);
    const size = readSize(this.#slot, this.#word);
    return size === MISS ? native.mapSize(idOf(this)) : size;
  }

  /** The value of a key, undefined if there is none. A ref borrows. */
  get(key: K): V | undefined {
    const id = idOf(this);
    const found = tryGet(id, key);
    if (isThere(found)) return fastResult() as V;
    if (isAbsent(found)) return undefined;
    return out(native.mapGet(id, key)) as V | undefined;
  }

  /** As `get`, in one step with `retain`: a ref owns a claim, and you drop it. */
  acquire(key: K): V | undefined {
    return outOwned(native.mapAcquire(idOf(this), key)) as V | undefined;
  }

  /**
   * As `get`, without refs: texts and numbers as their values, other objects as plain copies (see
   * `obtainValue`).
   */
  getValue(key: K): Plain<V> | undefined {
    const id = idOf(this);
    const found = tryGet(id, key);
    if (isThere(found)) return fastResult() as Plain<V>;
    if (isAbsent(found)) return undefined;
    const value = native.mapGetValue(id, key);
    const plain = value === REF ? obtainElement(id, () => native.mapGetValue(id, key)) : value;
    return plain as Plain<V> | undefined;
  }

  /** `get` for each of these keys, faster. Not one step to other threads. */
  getMany(keys: Iterable<K>): (V | undefined)[] {
    const wanted = readAll(keys, 'keys') as K[];
    const id = idOf(this);
    const values: unknown[] = [];
    for (let i = 0; i < wanted.length; i += batch) {
      const piece = native.mapGetMany(id, modes.borrow, ...wanted.slice(i, i + batch));
      for (const value of outAll(piece)) values.push(value);
    }
    return values as (V | undefined)[];
  }

  has(key: K): boolean {
    const id = idOf(this);
    const found = tryHas(id, key);
    return found ? isThere(found) : native.mapHas(id, key);
  }

  /**
   * Sets the value of a key and releases the former one. A ref marked by `move()` gives its claim to
   * the map and is finished; any other keeps its claim.
   * @throws `ERR_UNSUPPORTED_VALUE`, `ERR_HEAP_FULL`
   */
  set(key: K, value: V): this {
    const id = idOf(this);
    if (!trySet(id, key, value)) {
      native.mapSet(id, key, toValue(value, 0));
      finishMoved(value);
    }
    markChanged(id);
    return this;
  }

  /**
   * `set` for each of these entries, faster. Entries are checked before the first is
   * set; if one fails even so (`ERR_HEAP_FULL`) those before it stay set. Not one step to other
   * threads.
   */
  setMany(source: MapSource<K, V>): this {
    const { keys, values } = readEntries(source);
    const id = idOf(this);
    checkValues(values);
    checkAlive(values);
    for (let i = 0; i < keys.length; i += ENTRIES_PER_CALL) {
      const end = Math.min(i + ENTRIES_PER_CALL, keys.length);
      const entries = toEntries(keys, values, i, end, true);
      try {
        native.mapSetMany(id, ...entries);
      } finally {
        finishAllMoved(values.slice(i, i + (native.out[0] as number)));
        markChanged(id);
      }
    }
    return this;
  }

  /**
   * The value of a key, which is set to `value` if there is none, in one step. A ref borrows. A moved
   * ref that was not needed keeps its claim: to make refs only as needed use
   * `getOrInsertComputed`.
   */
  getOrInsert(key: K, value: V): V {
    const id = idOf(this);
    const present = native.mapGetOrInsert(id, key, toValue(value, 0));
    if (native.out[0] === 1) {
      finishMoved(value);
      markChanged(id);
    }
    return out(present) as V;
  }

  /**
   * The value of a key, which is set to what `callback(key)` returns if there is none. If another
   * thread, or the callback, sets the key first then that value stays and is returned; a result
   * that was marked by `move()` is dropped in that case.
   */
  getOrInsertComputed(key: K, callback: (key: K) => V): V {
    requireFunction(callback, 'callback');
    const id = idOf(this);
    const present = native.mapGet(id, key);
    if (present !== undefined) return out(present) as V;
    if (native.mapHas(id, key)) return undefined as V;
    const value = callback(key === 0 ? (0 as K) : key); // a Map has no key -0 either
    try {
      return this.getOrInsert(key, value);
    } finally {
      disposeIfMoving(value);
    }
  }

  /**
   * Sets the value of a key to what `callback` returns for the present one (undefined if there is
   * none), and returns it. The callback runs with nothing locked; if the value is another by then
   * (SameValueZero, refs by id) it is called again with that one, so no change is lost. A ref that
   * it is given owns a claim for the time of the call; the one that is returned borrows. Of a moved
   * ref that it returns the map takes the claim; one that came too late is dropped. If it throws
   * nothing has changed.
   * @throws `ERR_CONFLICT` if others were faster 10,000 times; what `set` throws
   */
  update(key: K, callback: (value: V | undefined) => V): V {
    requireFunction(callback, 'callback');
    const id = idOf(this);
    const value = updateEntry(id, key, callback as (value: unknown) => unknown);
    markChanged(id);
    return value as V;
  }

  /** Removes a key and releases its value; false if there was none. */
  delete(key: K): boolean {
    const id = idOf(this);
    tellRemoval(id, key);
    const found = tryDelete(id, key);
    const existed = found ? isThere(found) : native.mapDelete(id, key);
    if (existed) markChanged(id);
    return existed;
  }

  /** The same as `delete`. */
  remove(key: K): boolean {
    return this.delete(key);
  }

  /** Removes a key and hands its value over: a ref owns the claim that the map held. */
  take(key: K): V | undefined {
    const id = idOf(this);
    tellRemoval(id, key);
    const value = native.mapTake(id, key);
    if (native.out[0] === 1) markChanged(id);
    return outOwned(value) as V | undefined;
  }

  /** Removes all entries and releases their values. O(size). */
  clear(): void {
    const id = idOf(this);
    native.mapClear(id);
    tellClear(id);
    markChanged(id);
  }

  /**
   * Adds `n` to the number of a key, 0 if there is none, in one step. Returns the number before.
   * @throws `ERR_TYPE_MISMATCH` if the value is not a number
   */
  add(key: K, n: number): number {
    const id = idOf(this);
    const before = tryAddToKey(id, key, n) ? fastResult() : native.mapAdd(id, key, n);
    markChanged(id);
    return before;
  }

  /**
   * Sets a key to `next` if its value is `expected` (SameValueZero, refs by id; undefined also
   * matches no entry), in one step. Returns `expected` itself if it did, else the value there is; a
   * ref borrows.
   */
  compareExchange(key: K, expected: V | undefined, next: V): V | undefined {
    const id = idOf(this);
    const current = native.mapCompareExchange(id, key, toHeldValue(expected, 0), toValue(next, 1));
    if (native.out[0] !== 1) return out(current) as V | undefined;
    finishMoved(next);
    markChanged(id);
    return expected;
  }

  /** Calls back for each entry, as `Map.prototype.forEach`; see `entries` for what is visited. */
  forEach(callback: (value: V, key: K, map: this) => void, thisArg?: unknown): void {
    const id = idOf(this);
    requireFunction(callback, 'callback');
    const walk = new MapWalk(id, modes.borrow, outAll);
    try {
      while (walk.advance()) callback.call(thisArg, walk.value as V, walk.key as K, this);
    } finally {
      walk.close();
    }
  }

  /**
   * Iterates over the entries in insertion order. The iterator is live, as that of a `Map`: entries
   * added meanwhile are visited, removed ones are not. Of what *other* threads change meanwhile some
   * may be seen late (entries are fetched up to 512 at a time), and an entry may come twice if they
   * remove those around it. Refs borrow.
   */
  entries(): IterableIterator<[K, V]> {
    return walkEntries<K, V>(idOf(this));
  }

  /** Iterates over the keys; see `entries`. */
  keys(): IterableIterator<K> {
    return walkKeys<K>(idOf(this));
  }

  /** Iterates over the values; see `entries`. */
  values(): IterableIterator<V> {
    return walkValues<V>(idOf(this));
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return walkEntries<K, V>(idOf(this));
  }

  /**
   * A deep plain copy: a plain object if the map was made from one and has only string keys, else a
   * `Map`; texts and numbers as their values, and so on downwards. What is reached twice is one
   * copy, cycles included. O(everything reached). One step to other threads only for each 512
   * entries of each object.
   * @throws `ERR_CONFLICT` if other threads keep dropping parts of it meanwhile
   */
  obtainValue(): PlainMap<K, V> {
    return obtain(idOf(this), native.types.MapRef, 0, false) as PlainMap<K, V>;
  }

  /** An object if all keys are strings, else an array of pairs. */
  override [FORGET](): void {
    this.#word = NEVER;
  }

  override toJSON(): unknown {
    return obtain(idOf(this), native.types.MapRef, 0, true);
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return inspectMap(this, depth, options);
  }
}

registerClass('MapRef', MapRef);

function createFrom<K extends MapKey, V extends SharedValue>(
  source: MapSource<K, V>,
): MapRef<K, V> {
  const { keys, values, fromObject } = readEntries(source);
  const moving = checkValues(values);
  const map = newOwner(MapRef<K, V>, native.mapNew(fromObject));
  try {
    for (let i = 0; i < keys.length; i += ENTRIES_PER_CALL) {
      const end = Math.min(i + ENTRIES_PER_CALL, keys.length);
      native.mapSetMany(map.id, ...toEntries(keys, values, i, end, false));
    }
  } catch (error) {
    map[Symbol.dispose]();
    throw error;
  }
  settleMoved(moving);
  return map;
}

function* walkEntries<K, V>(id: number): Generator<[K, V], undefined> {
  const walk = new MapWalk(id, modes.borrow, outAll);
  try {
    while (walk.advance()) yield [walk.key as K, walk.value as V];
  } finally {
    walk.close();
  }
}

function* walkKeys<K>(id: number): Generator<K, undefined> {
  const walk = new MapWalk(id, modes.borrow, outAll);
  try {
    while (walk.advance()) yield walk.key as K;
  } finally {
    walk.close();
  }
}

function* walkValues<V>(id: number): Generator<V, undefined> {
  const walk = new MapWalk(id, modes.borrow, outAll);
  try {
    while (walk.advance()) yield walk.value as V;
  } finally {
    walk.close();
  }
}
