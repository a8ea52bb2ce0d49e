// What the entries(), keys() and values() of a MapRef return: Map iterators over a shared map.
import { iteratorPrototype } from './iterators';
import { MapWalk } from './map-walk';
import { outAll } from './marshal';
import { native } from './native';

/** What an iterator gives of each entry. */
export type EntryPart = (walk: MapWalk) => unknown;

export const entryOf: EntryPart = (walk) => [walk.key, walk.value];
export const keyOf: EntryPart = (walk) => walk.key;
export const valueOf: EntryPart = (walk) => walk.value;

class MapRefIterator<T> {
  readonly #part: EntryPart;
  #walk: MapWalk | undefined;

  constructor(id: number, part: EntryPart) {
    this.#part = part;
    this.#walk = new MapWalk(id, native.modes.borrow, outAll);
  }

  next(): IteratorResult<T, undefined> {
    const walk = this.#walk;
    if (walk === undefined) return { value: undefined, done: true };
    let isThere = false;
    try {
      isThere = walk.advance();
    } finally {
      if (!isThere) this.return();
    }
    return isThere
      ? { value: this.#part(walk) as T, done: false }
      : { value: undefined, done: true };
  }

  /** Ends the iteration, as leaving a `for` loop does. */
  return(value?: undefined): IteratorResult<T, undefined> {
    this.#walk?.close();
    this.#walk = undefined;
    return { value, done: true };
  }
}

iteratorPrototype(MapRefIterator, 'MapRef Iterator');

export function mapIterator<T>(id: number, part: EntryPart): MapIterator<T> {
  return new MapRefIterator<T>(id, part) as unknown as MapIterator<T>;
}
