// A cache of texts that all threads share. It never has more entries than its bound; the one used least
// recently goes first. Nobody ever waits.
//
//   entries  MapRef     key -> text
//   order    MapRef     key -> null, the key used least recently first: maps keep the order of insertion
//   places   NumberRef  entries that may still be added
//
// Each call on one of them is one step to other threads; several together are not. Two rules make up for it:
//   - A place is taken before an entry is added. So there are never more entries than places.
//   - A key belongs to the thread that has removed it from `order`: delete() is true for one caller only.
//     It puts the key back as the newest, or removes the entry and has its place.
// Texts are plain values in a map: nothing here has to be dropped but the three objects themselves.

import { MapRef, NumberRef } from 'shared-heap';

export class SharedLru {
  #entries;
  #order;
  #places;

  /** The thread that creates a cache owns it and drops it. */
  static create(bound) {
    return new SharedLru(new MapRef(), new MapRef(), NumberRef.from(bound));
  }

  /** Any other thread, with the `ids` of a cache, borrows it. */
  static attach({ entries, order, places }) {
    return new SharedLru(new MapRef(entries), new MapRef(order), new NumberRef(places));
  }

  constructor(entries, order, places) {
    this.#entries = entries;
    this.#order = order;
    this.#places = places;
  }

  get ids() {
    return { entries: this.#entries.id, order: this.#order.id, places: this.#places.id };
  }

  get size() {
    return this.#entries.size;
  }

  /** The text of a key, which becomes the one used most recently; undefined if there is none. */
  get(key) {
    const text = this.#entries.get(key);
    if (text !== undefined && this.#order.delete(key)) this.#order.set(key, null);
    return text;
  }

  /** Adds a text. If another thread has added one for the key meanwhile, that one stays. */
  add(key, text) {
    if (!this.#takePlace()) return;
    if (this.#entries.compareExchange(key, undefined, text) === undefined) {
      this.#order.set(key, null);
    } else {
      this.#places.add(1);
    }
  }

  /** A free place or else that of an old entry; false if all keys are in other threads' hands just now. */
  #takePlace() {
    if (this.#places.sub(1) > 0) return true;
    this.#places.add(1);
    for (const key of this.#order.keys()) {
      if (this.#order.delete(key)) return this.#entries.delete(key);
    }
    return false;
  }

  drop() {
    for (const ref of [this.#entries, this.#order, this.#places]) ref.drop();
  }
}
