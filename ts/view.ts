// The direct view: typed arrays over the shared region. The only file that touches raw memory, and
// it hands none of its arrays out, but for the windows that struct refs keep their fields in.
//
// A read returns MISS where the view cannot tell, and the caller asks the addon, which does the same
// work and knows all errors. docs/view.md says for each access why it is safe; number.mjs, struct.mjs,
// string.mjs and vector.mjs of bench/cases say what it is for. In short:
// - Memory below the length of the slot table, and every body that a live slot has named, stays
//   readable for ever. An access can be too late, but it cannot fault.
// - A slot's word 0 tells generation and type. Whoever has read something and *then* finds word 0 as
//   its id wants it has read that object's: generations never come back.
// - V8 may merge loads of memory that it takes for private. A store to `scratch` in between, of
//   what was loaded, forbids that.
// - A check-then-store needs the slot to stay unused by others in between: that is what being online
//   is for (csrc/core/epoch.h).
import { native } from './native';

// Built-ins as they are now: what a program puts in their place later is never given a window.
const Doubles = Float64Array;
const Words = Int32Array;

const { absence, layout } = native;
const { lock: LOCK, payload: PAYLOAD, lockBits: LOCK_BITS, slots: SLOTS } = layout;
const SLOT_WORDS = layout.slotWords;
const GENERATION_SHIFT = layout.generationShift;
const TYPE_SHIFT = layout.typeShift;
const WITHOUT_FLAGS = ~layout.flagsMask;
const TYPE_MASK = layout.typeMask << TYPE_SHIFT;
const ID_LIMIT = native.limits.idLimit;
const WINDOW_SHIFT = Math.log2(layout.windowBytes); // of a byte offset
const IN_WINDOW = layout.windowBytes - 1;
const DOUBLES_PER_WINDOW = layout.windowBytes / 8;

/** What a read gives that must be left to the addon. */
export const MISS = Symbol('miss');
export type Miss = typeof MISS;

/** Word 0 of no slot: what a finished ref has for its own. */
export const NEVER = -1;
/** No version of anything: see `versionAt`. */
export const UNSTABLE = layout.lockNever;

// Window 0. Until it is open, and if it cannot be: one slot that is never alive. Properties of a
// constant, because V8 does better with these than with variables of the module (2.4, not 5 ns).
const first: { words: Int32Array; doubles: Float64Array } = {
  words: new Words(SLOT_WORDS),
  doubles: new Doubles(SLOT_WORDS / 2),
};
/** Slots below this index may be looked at. */
let slotLimit = 0;
let isOff = false;

const NOWHERE = new Doubles(0);

interface Window {
  readonly buffer: ArrayBuffer;
  readonly doubles: Float64Array;
}
const NO_WINDOW: Window = { buffer: new ArrayBuffer(0), doubles: NOWHERE };
// Filled, so that storing to it calls no setter of Array.prototype.
const windows = new Array<Window | undefined>(layout.windows).fill(undefined);

const scratch = new Doubles(1);

/**
 * Tells 0 from all other numbers: `AT_ZERO[n] === undefined` for those. In code that has never seen
 * one V8 makes it a bounds check instead of a branch that leaves the loop around, and such a branch
 * keeps V8 from taking invariants out of the loop (reads took 4.5 instead of 2.1 ns, Node 24).
 */
const AT_ZERO = new Words(1);

/** Where the slot of an id is in the view; 0, which is no slot's, if it is not. */
export function placeOf(id: number): number {
  const index = id >>> 0;
  if (index >= slotLimit && !extend(index)) return 0;
  return index < layout.firstIndex ? 0 : SLOTS + index * SLOT_WORDS;
}

/** What word 0 of an object's slot is while it lives, flags aside. */
export function wordOf(id: number, type: number): number {
  const generation = (id - (id >>> 0)) / 2 ** 32;
  return (generation << GENERATION_SHIFT) | (type << TYPE_SHIFT);
}

/** Whether a number given as an id is that of a live object of a type. False also if the view cannot tell. */
export function isLiveId(id: number, type: number): boolean {
  if (!(id >= 0 && id < ID_LIMIT) || id % 1 !== 0) return false;
  return isStill(placeOf(id), wordOf(id, type), id);
}

/** Whether an id names a live object of whatever type. False also if the view cannot tell. */
export function isAliveAt(id: number): boolean {
  const place = placeOf(id);
  scratch[0] = id; // or V8 might take the word for what it was before
  const word = first.words[place] as number;
  const generation = (id - (id >>> 0)) / 2 ** 32;
  return place !== 0 && word >>> GENERATION_SHIFT === generation && (word & TYPE_MASK) !== 0;
}

/**
 * Whether the object of a slot is alive *after* `seen` was read from it, which then was the object's.
 */
export function isStill(place: number, word: number, seen: number): boolean {
  scratch[0] = seen;
  return AT_ZERO[((first.words[place] as number) & WITHOUT_FLAGS) ^ word] !== undefined;
}

/** The slot table has grown, or window 0 is yet to be opened. */
function extend(index: number): boolean {
  if (slotLimit === 0 && !openFirst()) return false;
  const length = (first.words[layout.slotLength] as number) >>> 0;
  const viewed = (first.words.length - SLOTS) / SLOT_WORDS;
  slotLimit = length < viewed ? length : viewed;
  return index < slotLimit;
}

function openFirst(): boolean {
  if (isOff) return false;
  const window = windowAt(0);
  isOff = window === NO_WINDOW;
  if (isOff) return false;
  first.doubles = window.doubles;
  first.words = new Words(window.buffer);
  return true;
}

/** A window of the region, NO_WINDOW if it cannot be viewed. */
function windowAt(index: number): Window {
  if (index >= layout.windows) return NO_WINDOW;
  let window = windows[index];
  if (window === undefined) {
    const buffer = native.viewWindow(index);
    window = buffer === undefined ? NO_WINDOW : { buffer, doubles: new Doubles(buffer) };
    windows[index] = window;
  }
  return window;
}

/** The window of an offset given as two words. */
function windowOf(low: number, high: number): number {
  return (high << (32 - WINDOW_SHIFT)) | (low >>> WINDOW_SHIFT);
}

// --- before stores and optimistic reads ------------------------------------------------------

/**
 * Goes online until the end of this turn: what this thread finds alive from here on may die, but its
 * memory is not used again before the thread's next call of the addon.
 */
export function stayOnline(): void {
  if (absence[0] !== 0) goOnline();
}

function goOnline(): void {
  void goOfflineSoon(); // first: if the stack has no room for it the thread must not be online
  native.goOnline();
}

const settled = Promise.resolve();

// Calls nothing before it waits: an async function that finds no room on the stack rejects instead
// of throwing, and the thread would be online for ever.
async function goOfflineSoon(): Promise<void> {
  await settled;
  native.goOffline();
}

// --- numbers -----------------------------------------------------------------------------------

/** To be used only if `isStill` is true afterwards. */
export function peekNumber(place: number): number {
  return first.doubles[(place + PAYLOAD) >> 1] as number;
}

/** Whether it was stored. Nothing is called between the look at word 0 and the store. */
export function writeNumber(place: number, word: number, value: number): boolean {
  const number = canonical(value);
  stayOnline();
  if (AT_ZERO[(first.words[place] as number) ^ word] === undefined) return false;
  first.doubles[(place + PAYLOAD) >> 1] = number;
  return true;
}

/** There is one NaN in the heap: other bit patterns are words that are no numbers. */
function canonical(value: number): number {
  return value === value ? value : NaN;
}

// --- sizes and versions ------------------------------------------------------------------------

/** The low half of a slot's second payload word: a map's size, a vector's length. */
export function readSize(place: number, word: number): number | Miss {
  const size = first.words[place + PAYLOAD + 2] as number;
  return isStill(place, word, size) ? size >>> 0 : MISS;
}

/** Changes whenever the object does, but for numbers; UNSTABLE while it may be changing. */
export function versionAt(place: number, word: number): number {
  const lock = first.words[place + LOCK] as number;
  return (lock & LOCK_BITS) === 0 && isStill(place, word, lock) ? lock : UNSTABLE;
}

/** Whether an object's version is still one that `versionAt` gave. */
export function isVersion(place: number, word: number, version: number): boolean {
  scratch[0] = version;
  const { words } = first;
  // Word 0 last: purging resets the versions of dead slots.
  const change = (words[place + LOCK] as number) ^ version;
  return AT_ZERO[change | (((words[place] as number) & WITHOUT_FLAGS) ^ word)] !== undefined;
}

// --- number and boolean fields of structs --------------------------------------------------------

/**
 * Where the `count` numbers and booleans of a struct of a shape are, in doubles from the start of the
 * region: this never changes while it lives. -1 if they cannot be viewed, or it is of another shape.
 */
export function locateFields(place: number, word: number, shape: number, count: number): number {
  const { words } = first;
  const low = words[place + PAYLOAD] as number;
  const high = words[place + PAYLOAD + 1] as number;
  const other = words[place + PAYLOAD + 3] as number;
  // Of a slot that is no longer the struct's these would not be an offset and a shape.
  if (count === 0 || !isStill(place, word, low)) return -1;
  // Whoever made the ref has checked the shape; a wrong one must not lead to other objects' memory.
  if (((high >>> 16) | (other & 0xffff0000)) !== (shape | 0)) return -1;
  const start = (low & IN_WINDOW) >>> 3;
  const window = windowOf(low, high & 0xffff);
  if (start + count > windowAt(window).doubles.length) return -1;
  return window * DOUBLES_PER_WINDOW + start;
}

/** The window in which a place found by `locateFields` is. */
export function fieldsWindow(location: number): Float64Array {
  if (location === -1) return NOWHERE;
  return windowAt((location - (location % DOUBLES_PER_WINDOW)) / DOUBLES_PER_WINDOW).doubles;
}

/** Where in that window it is. */
export function fieldsStart(location: number): number {
  return location === -1 ? 0 : location % DOUBLES_PER_WINDOW;
}

/** Whether it was stored. See `writeNumber`. */
export function writeField(
  place: number,
  word: number,
  window: Float64Array,
  at: number,
  value: number,
): boolean {
  const number = canonical(value);
  stayOnline();
  if (AT_ZERO[(first.words[place] as number) ^ word] === undefined) return false;
  window[at] = number;
  return true;
}

// --- elements of vectors ---------------------------------------------------------------------------

/** The elements of a vector, as long as its lock word and payload stay what they were. */
interface Body {
  readonly elements: Float64Array;
  readonly words: Int32Array;
  readonly lock: number;
  readonly low: number;
  readonly length: number;
}

/** Of no vector. */
const NO_BODY: Body = {
  elements: NOWHERE,
  words: new Words(0),
  lock: UNSTABLE,
  low: 0,
  length: 0,
};

/** What a ref or an iterator remembers of a vector's elements. */
export class ElementView {
  #body = NO_BODY;
  /** The version at the last miss. */
  #missed = UNSTABLE;

  /**
   * The number at an index; NaN for anything else, and wherever the view cannot tell. Never anything
   * but a number, not even for a moment: V8 would put it into an object each time.
   */
  peek(place: number, word: number, index: number): number {
    const body = this.#body;
    if (!(index >= 0 && index < body.length) || (index | 0) !== index) return NaN;
    const value = body.elements[index] as number;
    return bodyChange(place, word, body, value) === 0 ? value : NaN;
  }

  /**
   * After `peek` has given NaN: a number or boolean, undefined if there is no such element,
   * else MISS. Negative indices count from the end.
   */
  read(place: number, word: number, index: number): number | boolean | undefined | Miss {
    if (typeof index !== 'number' || (index | 0) !== index) return MISS;
    if (bodyChange(place, word, this.#body, 0) !== 0 && !this.#locate(place, word)) return MISS;
    const body = this.#body;
    const at = index < 0 ? index + body.length : index;
    if (at < 0 || at >= body.length)
      return bodyChange(place, word, body, at) === 0 ? undefined : MISS;
    const value = body.elements[at] as number;
    const low = body.words[2 * at] as number;
    const high = body.words[2 * at + 1] as number;
    if (bodyChange(place, word, body, low) !== 0) return MISS;
    if (value === value) return value;
    if (high !== layout.booleanHigh) return MISS;
    if (low === layout.trueLow) return true;
    return low === layout.falseLow ? false : MISS;
  }

  /**
   * Finds the body anew. Not at once after a change: a vector that is written to between reads is
   * read through the addon, which takes less time than this.
   */
  #locate(place: number, word: number): boolean {
    const lock = versionAt(place, word);
    if (lock === UNSTABLE || lock !== this.#missed) {
      this.#missed = lock;
      return false;
    }
    this.#body = locateBody(place, word, lock);
    return this.#body !== NO_BODY;
  }
}

function locateBody(place: number, word: number, lock: number): Body {
  const { words } = first;
  const low = words[place + PAYLOAD] as number;
  const high = words[place + PAYLOAD + 1] as number;
  const length = words[place + PAYLOAD + 2] as number;
  // Checked before the offset is followed: half of it may be of a former body. Word 0 last, as above.
  scratch[0] = high;
  if (words[place + LOCK] !== lock || !isStill(place, word, length)) return NO_BODY;
  const { buffer, doubles } = length === 0 ? NO_WINDOW : windowAt(windowOf(low, high));
  const offset = length === 0 ? 0 : low & IN_WINDOW;
  if (offset / 8 + length > doubles.length) return NO_BODY; // across the end of a window
  return {
    elements: new Doubles(buffer, offset, length),
    words: new Words(buffer, offset, 2 * length),
    lock,
    low,
    length,
  };
}

/**
 * 0 if the body was the vector's when `seen` was read from it. The version alone would come round
 * after 2^29 changes.
 */
function bodyChange(place: number, word: number, body: Body, seen: number): number {
  scratch[0] = seen;
  const { words } = first;
  return (
    ((words[place + LOCK] as number) ^ body.lock) |
    ((words[place + PAYLOAD] as number) ^ body.low) |
    ((words[place + PAYLOAD + 2] as number) ^ body.length) |
    (((words[place] as number) & WITHOUT_FLAGS) ^ word)
  );
}
