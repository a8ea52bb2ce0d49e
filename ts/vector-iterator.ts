// What VectorRef's @@iterator returns: an Array iterator over a vector.
import { iteratorPrototype } from './iterators';
import { outAll } from './marshal';
import { native } from './native';
import { VectorWalk } from './vector-walk';
import { ElementView } from './view';

/**
 * Numbers are read through the view, always as they are now; other elements in chunks (VectorWalk).
 * bench/cases/vector.mjs justifies the first.
 */
class VectorRefIterator<V> {
  readonly #id: number;
  readonly #slot: number;
  readonly #word: number;
  readonly #view = new ElementView();
  #walk: VectorWalk | undefined;
  #index = 0;

  constructor(id: number, slot: number, word: number) {
    this.#id = id;
    this.#slot = slot;
    this.#word = word;
  }

  next(): IteratorResult<V, undefined> {
    const index = this.#index;
    if (index === -1) return { value: undefined, done: true };
    const number = this.#view.peek(this.#slot, this.#word, index);
    if (number === number) {
      this.#index = index + 1;
      return { value: number as V, done: false };
    }
    return this.#step(index);
  }

  #step(index: number): IteratorResult<V, undefined> {
    const value = this.#view.read(this.#slot, this.#word, index);
    if (typeof value === 'number' || typeof value === 'boolean') {
      this.#index = index + 1;
      return { value: value as V, done: false };
    }
    this.#walk ??= new VectorWalk(this.#id, native.modes.borrow, outAll);
    if (this.#walk.at(index)) {
      this.#index = index + 1;
      return { value: this.#walk.value as V, done: false };
    }
    return this.return();
  }

  /** Ends the iteration, as leaving a `for` loop does. */
  return(value?: undefined): IteratorResult<V, undefined> {
    this.#index = -1;
    this.#walk = undefined;
    return { value, done: true };
  }
}

iteratorPrototype(VectorRefIterator, 'VectorRef Iterator');

export function vectorIterator<V>(id: number, slot: number, word: number): ArrayIterator<V> {
  return new VectorRefIterator<V>(id, slot, word) as unknown as ArrayIterator<V>;
}
