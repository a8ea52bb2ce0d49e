import {
  fastResult,
  tryAdd,
  tryCompareExchange,
  tryExchange,
  tryNewNumber,
  trySubtract,
} from './fast';
import type { IdLike } from './ids';
import { inspectValue, showBy } from './inspect';
import { openNamed } from './names';
import { native } from './native';
import { isObject } from './plain';
import type { RefArgs } from './ref';
import { FORGET, Ref, acquire, adopt, idOf, newOwner, notThisClass } from './ref';
import { registerClass } from './registry';
import { NEVER, isStill, peekNumber, placeOf, wordOf, writeNumber } from './view';

const createZero = (): number => native.numberNew(0);

/**
 * A shared 64-bit float. Every method is one atomic step in O(1), so threads can count together:
 * `add(1)` never loses an increment.
 */
export class NumberRef extends Ref<'NumberRef'> {
  /** Where the object's slot is in the view, and what its word 0 is while the ref may be used. */
  readonly #slot: number;
  #word: number;

  /**
   * Without argument a new 0, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'NumberRef'>) {
    super('NumberRef', args, createZero);
    this.#slot = placeOf(this.id);
    this.#word = wordOf(this.id, native.types.NumberRef);
  }

  /** A new number, owned by the ref. @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  static from(value: number): NumberRef {
    const id = tryNewNumber(value) ? fastResult() : native.numberNew(value);
    return newOwner(NumberRef, id);
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

  /** The number. */
  obtainValue(): number {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const slot = this.#slot;
    const value = peekNumber(slot);
    if (isStill(slot, this.#word, value)) return value;
    return native.numberGet(idOf(this));
  }

  /** Stores a number. @throws `ERR_INVALID_ARG_TYPE` */
  setValue(value: number): void {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    if (typeof value === 'number' && writeNumber(this.#slot, this.#word, value)) return;
    native.numberSet(idOf(this), value);
  }

  /** Returns the number before. */
  add(n: number): number {
    const id = idOf(this);
    return tryAdd(id, n) ? fastResult() : native.numberAdd(id, n);
  }

  /** Returns the number before. */
  sub(n: number): number {
    const id = idOf(this);
    return trySubtract(id, n) ? fastResult() : native.numberSub(id, n);
  }

  /** Returns the number before. */
  exchange(next: number): number {
    const id = idOf(this);
    return tryExchange(id, next) ? fastResult() : native.numberExchange(id, next);
  }

  /** Stores `next` if the number is `expected` (NaN is NaN). Returns the number before. */
  compareExchange(expected: number, next: number): number {
    const id = idOf(this);
    return tryCompareExchange(id, expected, next)
      ? fastResult()
      : native.numberCompareExchange(id, expected, next);
  }

  override [FORGET](): void {
    this.#word = NEVER;
  }

  override toJSON(): number {
    idOf(this); // throws what obtainValue() could not if there is no `this`
    return this.obtainValue();
  }
}

registerClass('NumberRef', NumberRef);
showBy(NumberRef, inspectValue);
