import type { IdLike } from './ids';
import { openNamed } from './names';
import { native } from './native';
import type { RefArgs } from './ref';
import { Ref, acquire, adopt, idOf, newOwner } from './ref';
import { registerClass } from './registry';

const createZero = (): number => native.numberNew(0);

/**
 * A shared 64-bit float. Every method is one atomic step in O(1), so threads can count together:
 * `add(1)` never loses an increment.
 */
export class NumberRef extends Ref<'NumberRef'> {
  /**
   * Without argument a new 0, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'NumberRef'>) {
    super('NumberRef', args, createZero);
  }

  /** A new number, owned by the ref. @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  static from(value: number): NumberRef {
    return newOwner(NumberRef, native.numberNew(value));
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt(id: IdLike<'NumberRef'>): NumberRef {
    return adopt(new NumberRef(id));
  }

  /** Attaches with a claim of its own. */
  static acquire(id: IdLike<'NumberRef'>): NumberRef {
    return acquire(new NumberRef(id));
  }

  /** The number of a name, made with this value if the name is free. The ref borrows. */
  static named(name: string, value = 0): NumberRef {
    return openNamed(name, NumberRef, () => NumberRef.from(value));
  }

  obtainValue(): number {
    return native.numberGet(idOf(this));
  }

  /** @throws `ERR_INVALID_ARG_TYPE` */
  setValue(value: number): void {
    native.numberSet(idOf(this), value);
  }

  /** Returns the number before. */
  add(n: number): number {
    return native.numberAdd(idOf(this), n);
  }

  /** Returns the number before. */
  sub(n: number): number {
    return native.numberSub(idOf(this), n);
  }

  /** Returns the number before. */
  exchange(next: number): number {
    return native.numberExchange(idOf(this), next);
  }

  /** Stores `next` if the number is `expected` (NaN is NaN). Returns the number before. */
  compareExchange(expected: number, next: number): number {
    return native.numberCompareExchange(idOf(this), expected, next);
  }

  override toJSON(): number {
    return this.obtainValue();
  }
}

registerClass('NumberRef', NumberRef);
