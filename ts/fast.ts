// The addon's fast calls (FastCalls in types/native.d.ts; csrc/binding/fast_calls.cc says what they
// are and which benchmarks they are for). Each function here makes one and returns FAILED, which is 0,
// if it came to nothing; the ordinary function is to be called then:
//
//   return tryAdd(id, n) ? fastResult() : native.numberAdd(id, n);
import type { FastCalls, Key } from '../types/native';
import { native } from './native';
import { stayOnline } from './view';

const FAILED = 0;
const nothing = (): void => undefined;

// Where the engine has none.
const fast: FastCalls = native.fast ?? {
  seat: 0,
  done: 1,
  absent: 2,
  mapGet: nothing,
  mapGetNumberKey: nothing,
  mapHas: nothing,
  mapHasNumberKey: nothing,
  mapSet: nothing,
  mapSetNumberKey: nothing,
  mapDelete: nothing,
  mapDeleteNumberKey: nothing,
  mapAdd: nothing,
  mapAddNumberKey: nothing,
  numberNew: nothing,
  numberAdd: nothing,
  numberSub: nothing,
  numberExchange: nothing,
  numberCompareExchange: nothing,
  vectorPush: nothing,
  vectorSet: nothing,
  queuePush: nothing,
  queuePop: nothing,
  lockEnter: nothing,
  lockLeave: nothing,
  retain: nothing,
  drop: nothing,
};
// Constants for V8, as properties of `fast` would not be (28, not 36 ns for `has`).
const { seat, done: DONE, absent: ABSENT } = fast;
const { mapGet, mapGetNumberKey, mapHas, mapHasNumberKey, mapSet, mapSetNumberKey } = fast;
const { mapDelete, mapDeleteNumberKey, mapAdd, mapAddNumberKey } = fast;
const { numberNew, numberAdd, numberSub, numberExchange, numberCompareExchange } = fast;
const { vectorPush, vectorSet, queuePush, queuePop, lockEnter, lockLeave, retain, drop } = fast;
const { absence, fastResult: result } = native;

/** The number that the last call asked for, if that was done. */
export function fastResult(): number {
  return result[1] as number;
}

/** Of what was returned for a key: it was done, and the key is there. */
export function isThere(status: number): boolean {
  return status === DONE;
}

/** It was done, and the key is not there. */
export function isAbsent(status: number): boolean {
  return status === ABSENT;
}

function begin(): void {
  result[0] = FAILED;
}

function end(): number {
  return result[0] as number;
}

// --- maps ------------------------------------------------------------------------------------

/** So many reads while offline make the thread go online. */
const READS = 8;
let readsLeft = READS;

/**
 * Online, a read of a map takes no lock (csrc/core/optimistic.h): it is faster, and threads that read
 * one map do not wait for each other. Going online takes longer than a read, so it is for several in
 * a turn.
 */
function beforeRead(): void {
  if (absence[0] === 0) return;
  readsLeft -= 1;
  if (readsLeft > 0) return;
  readsLeft = READS;
  stayOnline();
}

/**
 * How many gets from a map, or pops from a queue, go to the addon at once, because one has just failed:
 * one whose values are no numbers should not pay for two calls. By id; ids may share a place.
 */
const PLACES = 256;
const SKIPS = 16;
const skips = new Uint8Array(PLACES);
/** How many that are in all. */
let allSkips = 0;

function skipReads(id: number): void {
  const place = id & (PLACES - 1);
  allSkips += SKIPS - (skips[place] as number);
  skips[place] = SKIPS;
}

function isSkipped(id: number): boolean {
  const place = id & (PLACES - 1);
  const left = skips[place] as number;
  if (left === 0) return false;
  skips[place] = left - 1;
  allSkips -= 1;
  return true;
}

/** Finds the value of a key, if it is a number. */
export function tryGet(id: number, key: Key): number {
  beforeRead();
  if (allSkips > 0 && isSkipped(id)) return FAILED;
  begin();
  if (typeof key === 'string') mapGet(seat, id, key);
  else if (typeof key === 'number') mapGetNumberKey(seat, id, key);
  const status = end();
  if (status === FAILED) skipReads(id);
  return status;
}

export function tryHas(id: number, key: Key): number {
  beforeRead();
  begin();
  if (typeof key === 'string') mapHas(seat, id, key);
  else if (typeof key === 'number') mapHasNumberKey(seat, id, key);
  return end();
}

export function trySet(id: number, key: Key, value: unknown): number {
  if (typeof value !== 'number') return FAILED;
  begin();
  if (typeof key === 'string') mapSet(seat, id, key, value);
  else if (typeof key === 'number') mapSetNumberKey(seat, id, key, value);
  return end();
}

export function tryDelete(id: number, key: Key): number {
  begin();
  if (typeof key === 'string') mapDelete(seat, id, key);
  else if (typeof key === 'number') mapDeleteNumberKey(seat, id, key);
  return end();
}

export function tryAddToKey(id: number, key: Key, n: number): number {
  begin();
  if (typeof key === 'string') mapAdd(seat, id, key, n);
  else if (typeof key === 'number') mapAddNumberKey(seat, id, key, n);
  return end();
}

// --- claims -----------------------------------------------------------------------------------

export function tryRetain(id: number): number {
  begin();
  retain(seat, id);
  return end();
}

export function tryDrop(id: number): number {
  begin();
  drop(seat, id);
  return end();
}

// --- locks --------------------------------------------------------------------------------------

/** Takes a lock that need not be waited for; `fastResult` is its token, `isAbsent` if abandoned. */
export function tryEnter(id: number): number {
  begin();
  lockEnter(seat, id);
  return end();
}

export function tryLeave(token: number): number {
  begin();
  lockLeave(seat, token);
  return end();
}

// --- numbers and vectors -------------------------------------------------------------------------

export function tryNewNumber(value: number): number {
  begin();
  numberNew(seat, value);
  return end();
}

export function tryAdd(id: number, n: number): number {
  begin();
  numberAdd(seat, id, n);
  return end();
}

export function trySubtract(id: number, n: number): number {
  begin();
  numberSub(seat, id, n);
  return end();
}

export function tryExchange(id: number, next: number): number {
  begin();
  numberExchange(seat, id, next);
  return end();
}

export function tryCompareExchange(id: number, expected: number, next: number): number {
  begin();
  numberCompareExchange(seat, id, expected, next);
  return end();
}

export function tryPush(id: number, value: unknown): number {
  if (typeof value !== 'number') return FAILED;
  begin();
  vectorPush(seat, id, value);
  return end();
}

export function trySetElement(id: number, index: number, value: unknown): number {
  if (typeof value !== 'number') return FAILED;
  begin();
  vectorSet(seat, id, index, value);
  return end();
}

// --- queues ----------------------------------------------------------------------------------

/** Absent: the queue is full. */
export function tryEnqueue(id: number, value: unknown): number {
  if (typeof value !== 'number') return FAILED;
  begin();
  queuePush(seat, id, value);
  return end();
}

/** Takes the oldest value, if it is a number. Absent: the queue is empty. */
export function tryDequeue(id: number): number {
  if (allSkips > 0 && isSkipped(id)) return FAILED;
  begin();
  queuePop(seat, id);
  const status = end();
  if (status === FAILED) skipReads(id);
  return status;
}
