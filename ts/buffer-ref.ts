import { types } from 'node:util';
import { invalidArgType, outOfRange } from './errors';
import type { IdLike } from './ids';
import { inspectBuffer, showBy } from './inspect';
import { openNamed } from './names';
import { native } from './native';
import type { RefArgs } from './ref';
import { Ref, acquire, adopt, idOf, newOwner } from './ref';
import { registerClass } from './registry';

/** Where a `BufferRef` can take its bytes from. */
export type Bytes = ArrayBufferLike | ArrayBufferView;

/** Bytes written as JSON at most: an array of numbers takes V8 some 20 bytes for each. */
const JSON_MAX = 2 ** 24;

const createEmpty = (): number => native.bytesNew(0);

/**
 * Shared bytes of a fixed length, which all threads read and write in place through `view()`. Races
 * on them are the user's to prevent, as with a SharedArrayBuffer; `Atomics` work.
 */
export class BufferRef extends Ref<'BufferRef'> {
  /**
   * Without argument a new buffer of no bytes, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'BufferRef'>) {
    super('BufferRef', args, createEmpty);
  }

  /** `byteLength` zero bytes, owned by the ref. @throws `ERR_OUT_OF_RANGE`, `ERR_HEAP_FULL` */
  static alloc(byteLength: number): BufferRef {
    return newOwner(BufferRef, native.bytesNew(byteLength));
  }

  /** A copy of these bytes, owned by the ref. @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  static from(bytes: Bytes): BufferRef {
    if (!ArrayBuffer.isView(bytes) && !types.isAnyArrayBuffer(bytes)) {
      throw invalidArgType('bytes', 'an ArrayBuffer, a typed array or a DataView', bytes);
    }
    return newOwner(BufferRef, native.bytesFrom(bytes));
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt(id: IdLike<'BufferRef'>): BufferRef {
    return adopt(new BufferRef(id));
  }

  /** Attaches with a claim of its own. */
  static acquire(id: IdLike<'BufferRef'>): BufferRef {
    return acquire(new BufferRef(id));
  }

  /**
   * The buffer of a name, made if the name is free: of so many zero bytes, or as a copy of these.
   * The ref borrows.
   */
  static named(name: string, init: number | Bytes = 0): BufferRef {
    const create = (): BufferRef =>
      typeof init === 'number' ? BufferRef.alloc(init) : BufferRef.from(init);
    return openNamed(name, BufferRef, create);
  }

  /** Its length, which never changes. */
  get byteLength(): number {
    return native.bytesLength(idOf(this));
  }

  /**
   * The bytes themselves, as an ArrayBuffer of exactly `byteLength`, 16-byte aligned: wrap it in any
   * typed array. It stays valid after `drop()`: the memory is kept until the ArrayBuffer is
   * collected, and every buffer that took it over (`transfer()`, byte streams). O(1). It cannot be
   * resized.
   */
  view(): ArrayBuffer {
    return native.bytesView(idOf(this));
  }

  /** A private copy of the bytes. O(byteLength); not one step if others write meanwhile. */
  obtainValue(): ArrayBuffer {
    return native.bytesCopy(idOf(this));
  }

  /**
   * The bytes as an array of numbers.
   * @throws `ERR_OUT_OF_RANGE` (a RangeError) above 2^24 bytes.
   */
  override toJSON(): number[] {
    const id = idOf(this);
    const byteLength = native.bytesLength(id);
    if (byteLength > JSON_MAX) {
      throw outOfRange('byteLength', `at most ${JSON_MAX} for JSON; use obtainValue()`, byteLength);
    }
    return Array.from(new Uint8Array(native.bytesCopy(id)));
  }
}

registerClass('BufferRef', BufferRef);
showBy(BufferRef, inspectBuffer);
