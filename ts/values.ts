import type { BufferRef } from './buffer-ref';
import type { MapRef } from './map-ref';
import type { NumberRef } from './number-ref';
import type { QueueRef } from './queue-ref';
import type { Ref } from './ref';
import type { StringRef } from './string-ref';
import type { PlainStruct, Shape, StructRef } from './struct-ref';
import type { VectorRef } from './vector-ref';

/** What containers keep by value. Strings are kept exactly, lone surrogates included. */
export type Primitive = undefined | null | boolean | number | string | bigint;

/** Keys of a `MapRef`, compared by SameValueZero as those of a `Map`. */
export type MapKey = Primitive;

/** What a container can hold: primitives, and objects of the heap. */
export type SharedValue = Primitive | Ref;

/** What a container made without type arguments holds, as in plain JavaScript. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what comes out is used without a cast
export type Untyped = any;

/** An element as `getValue`, `valueAt` and `obtainValue` give it: without refs. */
export type Plain<V> = 0 extends 1 & V
  ? Untyped
  : V extends StringRef
    ? string
    : V extends NumberRef
      ? number
      : V extends BufferRef
        ? ArrayBuffer
        : V extends VectorRef<infer E> | QueueRef<infer E>
          ? Plain<E>[]
          : V extends MapRef<infer K, infer E>
            ? PlainMap<K, E>
            : V extends StructRef<infer S>
              ? PlainStruct<S>
              : V extends Ref
                ? unknown
                : V;

/** A plain object if the map was made from one and has only string keys, else a `Map`. */
export type PlainMap<K, V> = Map<K, Plain<V>> | Record<string, Plain<V>>;

export type { Shape };
