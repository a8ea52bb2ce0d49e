// Reading a vector element by element while anything may happen to it, as map-walk.ts does for maps.
//
// Elements are fetched in chunks. If this thread has written to the vector since the fetch
// (marks.ts) the element asked for is fetched again, so it is always the one that stands at its
// index now. Changes by other threads to elements already fetched are seen with the next chunk.
import type { Mode, Value } from '../types/native';
import { markOf } from './marks';
import { native } from './native';

const FIRST_CHUNK = 8;

export class VectorWalk {
  /** The element that `at` has found. */
  value: unknown;

  readonly #id: number;
  readonly #mode: Mode;
  readonly #convert: (items: Value[]) => unknown[];
  #mark: number;
  #items: unknown[] = [];
  #start = 0;
  #size = FIRST_CHUNK;
  #isRead = false;
  /** Whether the vector ended with the chunk. */
  #isLast = false;

  /** `convert` gets each chunk while the addon's arrays still tell what its refs are. */
  constructor(id: number, mode: Mode, convert: (items: Value[]) => unknown[]) {
    this.#id = id;
    this.#mode = mode;
    this.#convert = convert;
    this.#mark = markOf(id);
  }

  /** Finds the element at an index; false if the vector ends before it. For rising indices. */
  at(index: number): boolean {
    return this.#find(index, false);
  }

  /** As `at`, for falling indices. */
  atFromEnd(index: number): boolean {
    return this.#find(index, true);
  }

  #find(index: number, backwards: boolean): boolean {
    const id = this.#id;
    const isUndisturbed = this.#mark === markOf(id);
    const end = this.#start + this.#items.length;
    if (!isUndisturbed || index < this.#start || index >= end) {
      if (isUndisturbed && this.#isLast && index >= end) return false;
      if (this.#isRead) {
        this.#size = isUndisturbed ? Math.min(this.#size * 2, native.batch) : 1;
      }
      this.#isRead = true;
      this.#start = backwards ? Math.max(0, index + 1 - this.#size) : index;
      this.#mark = markOf(id);
      const items = native.vectorRead(id, this.#start, this.#size, this.#mode);
      this.#isLast = items.length < this.#size;
      this.#items = this.#convert(items);
      if (index >= this.#start + items.length) return false;
    }
    this.value = this.#items[index - this.#start];
    return true;
  }
}
