// Which objects this thread has written to, so that iterators need not ask the heap at every step.
//
// Iterators fetch entries in chunks. An entry that this thread changed after the fetch must not be
// yielded as it was, so each write raises a counter found by the object's id, and an iterator whose
// counter has moved reads again. Two ids may share a counter: that costs a read, nothing more.
const COUNTERS = 256;
const counters = new Uint32Array(COUNTERS);

/** To be called after every write to, and every release of, a map or vector. */
export function markChanged(id: number): void {
  const at = id & (COUNTERS - 1);
  counters[at] = (counters[at] as number) + 1;
}

/** The counter of an object: as long as it stays the same this thread has not written to it. */
export function markOf(id: number): number {
  return counters[id & (COUNTERS - 1)] as number;
}
