// Walking a map in insertion order while anything may happen to it.
//
// Entries are fetched in chunks: few at first, more while they are used up undisturbed. A JS Map's
// iterators are live, and so are these, exactly for whatever this thread does to the map:
// - An entry is yielded only if this thread has not written to the map since the fetch (marks.ts);
//   else the walk fetches again from the place behind the last entry yielded. Places in a table do
//   not move and new entries come last, so nothing is missed and nothing comes twice.
// - The addon rebuilds a table when it grows or has many holes. In a rebuilt table entries stand
//   without holes, so the walk goes on at the number of entries that it has yielded and that are
//   still there. It knows that number because this thread's removals are told to it beforehand
//   (`tellRemoval`); which is why a key that was removed and added again, and now comes last, is not
//   taken for the place where it was.
// - What other threads remove is not told. If the last key yielded is still there its place counts;
//   if it is not, the place of one yielded earlier, so that entries may come twice but an entry
//   that is there all the time is not missed.
// Changes by other threads to entries already fetched are seen with the next chunk.
import type { Key, Mode, Value } from '../types/native';
import { markOf } from './marks';
import { native } from './native';

const FIRST_CHUNK = 8;
const LAST_CHUNK = native.batch / 2;
/** How many keys yielded earlier are remembered for the case that others removed the later ones. */
const ANCHORS = 16;
/** Walks told of removals; an iterator left unfinished must not be kept forever. */
const TOLD = 32;

const told: MapWalk[] = [];

/** To be called before this thread removes a key of a map. */
export function tellRemoval(id: number, key: Key): void {
  if (told.length === 0 || !told.some((walk) => walk.id === id)) return;
  if (!native.mapFind(id, key)) return;
  const place = native.out[0] as number;
  const table = native.out[1] as number;
  for (const walk of told) {
    if (walk.id === id) walk.beforeRemoval(key, place, table);
  }
}

/** To be called after this thread has cleared a map. */
export function tellClear(id: number): void {
  for (const walk of told) {
    if (walk.id === id) walk.afterClear();
  }
}

export class MapWalk {
  readonly id: number;
  /** The entry that `advance` has come to. */
  key: Key;
  value: unknown;

  readonly #mode: Mode;
  readonly #convert: (items: Value[]) => unknown[];
  #mark = 0;
  /** The chunk: keys and values alternating, those before `#next` yielded. */
  #items: unknown[] = [];
  #next = 0;
  #size = FIRST_CHUNK;
  /** Whether the map ended with the chunk. */
  #isLast = false;
  /** The places the chunk was read from, in which table. */
  #start = 0;
  #end = 0;
  #table = 0;
  /** How many entries were yielded and are, for all this thread knows, still there. */
  #visited = 0;
  /** Whether `key` has been yielded and not removed by this thread since. */
  #lastIsThere = false;
  #anchors: Key[] = [];
  #isTold = false;

  /** `convert` gets each chunk while the addon's arrays still tell what its refs are. */
  constructor(id: number, mode: Mode, convert: (items: Value[]) => unknown[]) {
    this.id = id;
    this.#mode = mode;
    this.#convert = convert;
  }

  /** Goes to the next entry; false if there is none. Throws if the map is gone. */
  advance(): boolean {
    if (this.#next === this.#items.length || this.#mark !== markOf(this.id)) {
      if (!this.#fetch()) return false;
    }
    this.key = this.#items[this.#next] as Key;
    this.value = this.#items[this.#next + 1];
    this.#next += 2;
    this.#visited += 1;
    this.#lastIsThere = true;
    return true;
  }

  /** Ends the walk. */
  close(): void {
    const at = told.indexOf(this);
    if (at !== -1) told.splice(at, 1);
  }

  beforeRemoval(key: Key, place: number, table: number): void {
    this.#settle();
    if (this.#table !== table) this.#findPlace();
    if (place > this.#end) return;
    this.#visited -= 1;
    if (sameKey(key, this.key)) this.#lastIsThere = false;
    this.#anchors = this.#anchors.filter((anchor) => !sameKey(anchor, key));
  }

  afterClear(): void {
    this.#items = [];
    this.#next = 0;
    this.#start = this.#end = this.#table = this.#visited = 0;
    this.#lastIsThere = false;
    this.#anchors = [];
  }

  #fetch(): boolean {
    const { id } = this;
    const isUndisturbed = this.#mark === markOf(id);
    if (isUndisturbed && this.#isLast) {
      this.close();
      return false;
    }
    if (this.#isTold) this.#size = isUndisturbed ? Math.min(this.#size * 2, LAST_CHUNK) : 1;
    this.#settle();
    this.#remember();
    this.#mark = markOf(id);
    let items = this.#read();
    while (native.out[2] === 1) {
      this.#findPlace();
      items = this.#read();
    }
    this.#end = native.out[0] as number;
    this.#table = native.out[1] as number;
    this.#isLast = items.length < this.#size * 2;
    this.#items = this.#convert(items);
    if (items.length > 0) return true;
    this.close();
    return false;
  }

  #read(): Value[] {
    return native.mapRead(this.id, this.#start, this.#table, this.#size, this.#mode);
  }

  /** Keeps the last key as an anchor, and sees to it that removals are told. */
  #remember(): void {
    if (this.#lastIsThere) {
      this.#anchors.push(this.key);
      if (this.#anchors.length > ANCHORS) this.#anchors.shift();
    }
    if (this.#isTold) return;
    this.#isTold = true;
    told.push(this);
    if (told.length > TOLD) told.shift();
  }

  /** Forgets the chunk and puts start and end to the place behind the last entry yielded. */
  #settle(): void {
    if (this.#next < this.#items.length) this.#end = this.#placeInChunk();
    this.#start = this.#end;
    this.#items = [];
    this.#next = 0;
  }

  #placeInChunk(): number {
    const yielded = this.#next / 2;
    if ((this.#end - this.#start) * 2 === this.#items.length) return this.#start + yielded;
    // Holes: behind the last yielded entry that stands where it stood. One added again stands later.
    for (let i = this.#next - 2; i >= 0; i -= 2) {
      if (!native.mapFind(this.id, this.#items[i] as Key)) continue;
      if (native.out[1] !== this.#table) break;
      const place = native.out[0] as number;
      if (place <= this.#end) return place;
    }
    return this.#start;
  }

  /** In a rebuilt table: start and end at the place behind the last entry yielded. */
  #findPlace(): void {
    const candidates = this.#lastIsThere ? [...this.#anchors, this.key] : [];
    let place = this.#lastIsThere ? 0 : this.#visited;
    for (let i = candidates.length - 1; i >= 0; i--) {
      if (!native.mapFind(this.id, candidates[i])) continue;
      // Nothing visited stands behind `#visited` places, but what others added again may.
      if ((native.out[0] as number) > this.#visited) continue;
      place = native.out[0] as number;
      break;
    }
    native.mapFind(this.id, this.key);
    this.#table = native.out[1] as number;
    this.#start = this.#end = this.#visited = place;
  }
}

function sameKey(a: Key, b: Key): boolean {
  return a === b || (a !== a && b !== b);
}
