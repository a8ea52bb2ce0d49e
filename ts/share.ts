// Deep copies of plain values into the heap.
//
// First the whole value is read, getters and all, into a list of nodes; what cannot be stored is
// found before anything is made. Then the objects are made empty, then filled: an object's one claim
// goes to the first container that holds it, so that in the end only the root has one. Nothing here
// recurses: a chain of a million objects takes memory, not stack.
import { types } from 'node:util';
import type { Value } from '../types/native';
import type { BufferRef } from './buffer-ref';
import type { MapRef } from './map-ref';
import { isMoving, isPrimitive, settleMoved, unsupportedValue } from './marshal';
import { native } from './native';
import type { NumberRef } from './number-ref';
import { isPlainObject } from './plain';
import type { Ref } from './ref';
import { OWNED, isRef } from './ref';
import { makeRef } from './registry';
import type { StringRef } from './string-ref';
import type { MapKey, Plain, Primitive, Untyped } from './values';
import type { VectorRef } from './vector-ref';

/** What `share` makes of an element. */
export type SharedElement<T> = 0 extends 1 & T
  ? Untyped
  : T extends Primitive | Ref
    ? T
    : T extends readonly (infer E)[]
      ? SharedArray<E>
      : T extends ReadonlyMap<infer K extends MapKey, infer E>
        ? SharedMap<K, E>
        : T extends ArrayBufferLike | ArrayBufferView
          ? BufferRef
          : T extends object
            ? SharedObject<T>
            : never;

/** What `share` makes of a value. */
export type Shared<T> = 0 extends 1 & T
  ? Untyped
  : T extends string
    ? StringRef
    : T extends number
      ? NumberRef
      : T extends Primitive
        ? never
        : SharedElement<T>;

// Interfaces, because TypeScript looks into them only when needed: types of values may be recursive.

/** An array as `share` keeps it. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- see above
export interface SharedArray<E> extends VectorRef<SharedElement<E>> {}

/** A `Map` as `share` keeps it. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- see above
export interface SharedMap<K extends MapKey, V> extends MapRef<
  K,
  SharedElement<V>,
  Map<K, Plain<SharedElement<V>>>
> {}

/** The plain copy of an object that was shared. */
export type PlainShared<T> = {
  -readonly [F in keyof T as F extends string ? F : never]: Plain<SharedElement<T[F]>>;
};

/** A plain object as `share` keeps it: a map that knows the type of each key. */
export interface SharedObject<T extends object> extends MapRef<
  keyof T & string,
  SharedElement<T[keyof T & string]>,
  PlainShared<T>
> {
  /** See `MapRef.get`. */
  get<F extends keyof T & string>(key: F): SharedElement<T[F]> | undefined;
  /** See `MapRef.acquire`. */
  acquire<F extends keyof T & string>(key: F): SharedElement<T[F]> | undefined;
  /** See `MapRef.getValue`. */
  getValue<F extends keyof T & string>(key: F): Plain<SharedElement<T[F]>> | undefined;
  /** See `MapRef.take`. */
  take<F extends keyof T & string>(key: F): SharedElement<T[F]> | undefined;
  /** See `MapRef.set`. */
  set<F extends keyof T & string>(key: F, value: SharedElement<T[F]>): this;
}

const NOT_MADE = -1;

type Kind = 'MapRef' | 'VectorRef' | 'BufferRef';

/** An object to be made. */
class Node {
  readonly keys: MapKey[] = [];
  /** Primitives, refs and nodes. */
  readonly values: unknown[] = [];
  id = NOT_MADE;
  /** Whether the claim that came with the object is still to be given to a container. */
  hasClaim = false;

  constructor(
    readonly kind: Kind,
    readonly source: object,
    readonly trail: Trail | undefined,
  ) {}
}

/** How an object was reached; becomes a path only in an error. */
interface Trail {
  readonly parent: Trail | undefined;
  readonly step: string | number;
  /** Whether the step is a key of a Map. */
  readonly isKey: boolean;
}

/**
 * Puts a plain value into the heap and returns a ref that owns it: plain objects and `Map`s become
 * `MapRef`s, arrays `VectorRef`s (holes undefined), ArrayBuffers, typed arrays and DataViews a
 * `BufferRef` of their bytes, a string a `StringRef`, a number a `NumberRef`; inside containers
 * strings and numbers stay values. Refs are held, or moved if marked so. What is reached twice is
 * one object, cycles included. O(everything reached); a failure leaves nothing behind.
 *
 * Dropping the ref drops all of it, except cycles: containers that hold each other stay until one
 * of them is cleared.
 * @throws `ERR_UNSUPPORTED_VALUE` for anything else, naming its path such as `$.a[3].b`;
 * `ERR_HEAP_FULL`; what getters throw
 */
export function share<T>(value: T): Shared<T> {
  return shareAny(value) as unknown as Shared<T>;
}

function shareAny(value: unknown): Ref {
  if (typeof value === 'string') return owned('StringRef', native.stringNew(value));
  if (typeof value === 'number') return owned('NumberRef', native.numberNew(value));
  if (isPrimitive(value)) throw unsupportedValue(value, ' at $');
  if (isRef(value)) {
    const ref = value.retain();
    settleMoved([value]);
    return ref;
  }
  const { nodes, refs } = readGraph(value);
  const root = nodes[0] as Node;
  try {
    for (const node of nodes) create(node);
    root.hasClaim = false; // it stays with the ref that is returned
    for (const node of nodes) fill(node);
  } catch (error) {
    discard(nodes);
    throw error;
  }
  settleMoved([...refs]);
  return owned(root.kind, root.id);
}

function owned(type: Kind | 'StringRef' | 'NumberRef', id: number): Ref {
  return makeRef(id, native.types[type], 0, OWNED);
}

/** Everything reachable from a value, the value itself first. */
function readGraph(root: object): { nodes: Node[]; refs: Set<Ref> } {
  const nodes: Node[] = [];
  const refs = new Set<Ref>();
  const nodeOf = new Map<object, Node>();

  const visit = (value: object, trail: Trail | undefined): Ref | Node => {
    const known = nodeOf.get(value);
    if (known !== undefined) return known;
    if (isRef(value)) {
      isMoving(value); // throws if it is finished
      refs.add(value);
      return value;
    }
    const node = new Node(kindOf(value, trail), value, trail);
    nodeOf.set(value, node);
    nodes.push(node);
    return node;
  };

  visit(root, undefined);
  // Nodes found on the way are appended, and so come up later.
  for (const node of nodes) {
    readNode(node, (value, step, isKey) => {
      if (isPrimitive(value)) return value;
      const trail = { parent: node.trail, step, isKey };
      if (typeof value === 'object') return visit(value, trail);
      throw unsupportedValue(value, ` at ${pathOf(trail)}`);
    });
  }
  return { nodes, refs };
}

function kindOf(value: object, trail: Trail | undefined): Kind {
  if (Array.isArray(value)) return 'VectorRef';
  if (types.isMap(value) || isPlainObject(value)) return 'MapRef';
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'BufferRef';
  throw unsupportedValue(value, ` at ${pathOf(trail)}`);
}

/** Reads the elements of a node's source through `read`. */
function readNode(
  node: Node,
  read: (value: unknown, step: string | number, isKey: boolean) => unknown,
): void {
  const { source, keys, values, trail } = node;
  if (node.kind === 'BufferRef') return;
  if (Array.isArray(source)) {
    for (let i = 0; i < source.length; i++) values.push(read(source[i], i, false));
  } else if (types.isMap(source)) {
    Map.prototype.forEach.call(source, (value: unknown, key: unknown) => {
      if (!isPrimitive(key))
        throw unsupportedValue(key, ` as a key of the Map at ${pathOf(trail)}`);
      keys.push(key);
      values.push(read(value, typeof key === 'string' ? JSON.stringify(key) : String(key), true));
    });
  } else {
    rejectSymbolKeys(source, trail);
    for (const key of Object.keys(source)) {
      keys.push(key);
      values.push(read((source as Record<string, unknown>)[key], key, false));
    }
  }
}

function rejectSymbolKeys(source: object, trail: Trail | undefined): void {
  for (const key of Object.getOwnPropertySymbols(source)) {
    if (Object.prototype.propertyIsEnumerable.call(source, key)) {
      throw unsupportedValue(key, ` as a key of the object at ${pathOf(trail)}`);
    }
  }
}

function create(node: Node): void {
  if (node.kind === 'VectorRef') node.id = native.vectorNew();
  else if (node.kind === 'MapRef') node.id = native.mapNew(!types.isMap(node.source));
  else node.id = native.bytesFrom(node.source as ArrayBufferView);
  node.hasClaim = true;
}

function fill({ kind, id, keys, values }: Node): void {
  if (kind === 'BufferRef') return;
  const perCall = kind === 'MapRef' ? native.batch / 2 : native.batch;
  for (let i = 0; i < values.length; i += perCall) {
    const piece: Value[] = [];
    const end = Math.min(i + perCall, values.length);
    for (let at = i; at < end; at++) {
      if (kind === 'MapRef') piece.push(keys[at]);
      piece.push(marshal(values[at], piece.length));
    }
    if (kind === 'MapRef') native.mapSetMany(id, ...piece);
    else native.vectorPush(id, ...piece);
  }
}

function marshal(value: unknown, place: number): Value {
  if (isPrimitive(value)) return value;
  const target = value as Node | Ref;
  native.refIds[place] = target.id;
  native.refMoves[place] = 0;
  if (target instanceof Node && target.hasClaim) {
    native.refMoves[place] = 1;
    target.hasClaim = false;
  }
  return native.REF;
}

/** Undoes a failure. Containers may hold each other: they are cleared first, then given up. */
function discard(nodes: readonly Node[]): void {
  for (const { kind, id } of nodes) {
    if (native.typeOf(id) === 0) continue; // not made yet, or gone with what held it
    if (kind === 'MapRef') native.mapClear(id);
    else if (kind === 'VectorRef') native.vectorClear(id);
  }
  for (const { id } of nodes) if (id !== NOT_MADE) native.dispose(id);
}

/** `$.a[3].b`; a key of a Map is `.get("key")`. */
function pathOf(trail: Trail | undefined): string {
  const steps: string[] = [];
  for (let at = trail; at !== undefined; at = at.parent) {
    if (at.isKey) steps.push(`.get(${at.step})`);
    else if (typeof at.step === 'number') steps.push(`[${at.step}]`);
    else if (/^[A-Za-z_$][\w$]*$/.test(at.step)) steps.push(`.${at.step}`);
    else steps.push(`[${JSON.stringify(at.step)}]`);
  }
  return `$${steps.reverse().join('')}`;
}
