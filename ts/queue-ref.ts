import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { timedOut } from './errors';
import { fastResult, isAbsent, isThere, tryDequeue, tryEnqueue } from './fast';
import type { IdLike } from './ids';
import { inspectQueue } from './inspect';
import { finishMoved, outOwned, toValue } from './marshal';
import { openNamed } from './names';
import { native } from './native';
import { obtain } from './obtain';
import type { RefArgs } from './ref';
import { FORGET, Ref, acquire, adopt, idOf, newOwner, notThisClass } from './ref';
import { registerClass } from './registry';
import type { Plain, SharedValue, Untyped } from './values';
import { MISS, NEVER, placeOf, readSize, wordOf } from './view';
import type { WaitOptions } from './wait';
import { NOT_YET, timeoutOf, waitUntil, waitUntilAsync } from './wait';

const DEFAULT_CAPACITY = 1024;

/** What `take` returns for a queue that is closed and empty. */
const ENDED: unique symbol = Symbol('ended');

const createEmpty = (): number => native.queueNew(DEFAULT_CAPACITY);

/**
 * A shared first-in, first-out queue of primitives and refs with a fixed capacity: what one thread
 * pushes another pops, each value exactly once, those of one pusher in its order.
 *
 * Ownership travels with the values. The queue holds the objects it refers to; `push` of a ref
 * marked by `move()` gives the claim to the queue, and what is popped, in whatever way, comes as a
 * ref that owns what the queue held, and that you drop. A queue that goes releases what is in it.
 *
 * Pushing, popping and closing are one step to other threads and take O(1). `push`, `pop` and
 * iteration block the thread while they wait, so the main thread of a server wants `pushAsync`,
 * `popAsync` and `for await`. Which of several threads that wait comes first is not defined.
 */
export class QueueRef<V extends SharedValue = Untyped> extends Ref<'QueueRef'> {
  /** See NumberRef. */
  readonly #slot: number;
  #word: number;

  /**
   * Without argument a new empty queue for 1,024 values, owned by this ref; with an id a ref that
   * borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'QueueRef'>) {
    super('QueueRef', args, createEmpty);
    this.#slot = placeOf(this.id);
    this.#word = wordOf(this.id, native.types.QueueRef);
  }

  /**
   * A new empty queue for so many values, owned by the ref. Its memory, 8 bytes a value, is taken at
   * once, so that no push of a number or short text can find the heap full.
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE` for less than 1, `ERR_HEAP_FULL`
   */
  static withCapacity<V extends SharedValue = Untyped>(capacity: number): QueueRef<V> {
    return newOwner(QueueRef<V>, native.queueNew(capacity));
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt<V extends SharedValue = Untyped>(id: IdLike<'QueueRef'>): QueueRef<V> {
    return adopt(new QueueRef<V>(id));
  }

  /** Attaches with a claim of its own. */
  static acquire<V extends SharedValue = Untyped>(id: IdLike<'QueueRef'>): QueueRef<V> {
    return acquire(new QueueRef<V>(id));
  }

  /** The queue of a name, made with this capacity if the name is free. The ref borrows. */
  static named<V extends SharedValue = Untyped>(
    name: string,
    capacity = DEFAULT_CAPACITY,
  ): QueueRef<V> {
    return openNamed(name, QueueRef<V>, () => QueueRef.withCapacity(capacity));
  }

  /** How many values are in it at this moment. */
  get length(): number {
    if (!(#slot in this)) throw notThisClass(this);
    const length = readSize(this.#slot, this.#word);
    return length === MISS ? this.#state(0) : length;
  }

  /** How many there can be. */
  get capacity(): number {
    return this.#state(1);
  }

  /** Whether `close` was called. There may be values left to pop. */
  get closed(): boolean {
    return this.#state(2) === 1;
  }

  #state(place: number): number {
    native.queueState(idOf(this));
    return native.out[place] as number;
  }

  /**
   * Appends a value; waits while the queue is full. A ref marked by `move()` gives its claim to the
   * queue and is finished; any other keeps its claim. If the push fails a ref stays what it was.
   * @throws `ERR_QUEUE_CLOSED`, also if it is closed meanwhile; `ERR_TIMEOUT`;
   * `ERR_UNSUPPORTED_VALUE`, `ERR_HEAP_FULL`
   */
  push(value: V, options?: WaitOptions): void {
    const id = idOf(this);
    const timeout = timeoutOf(options);
    if (!put(id, value)) waitUntil(id, () => put(id, value) || NOT_YET, timeout, stillFull(id));
  }

  /** As `push` without waiting: false if the queue is full. @throws `ERR_QUEUE_CLOSED` */
  tryPush(value: V): boolean {
    return put(idOf(this), value);
  }

  /** As `push`, without blocking the thread; the ref is taken when the promise is fulfilled. */
  async pushAsync(value: V, options?: WaitOptions): Promise<void> {
    const id = idOf(this);
    const timeout = timeoutOf(options);
    if (put(id, value)) return;
    await waitUntilAsync(id, () => put(id, value) || NOT_YET, timeout, stillFull(id));
  }

  /**
   * Takes the oldest value; waits while the queue is empty. undefined if it is closed and empty, so
   * where undefined is pushed too iterate instead. A ref owns what the queue held.
   * @throws `ERR_TIMEOUT`
   */
  pop(options?: WaitOptions): V | undefined {
    const id = idOf(this);
    return valueOf(takeOrWait(id, timeoutOf(options))) as V | undefined;
  }

  /** As `pop` without waiting: undefined if the queue is empty. */
  tryPop(): V | undefined {
    return valueOf(take(idOf(this))) as V | undefined;
  }

  /** As `pop`, without blocking the thread. */
  async popAsync(options?: WaitOptions): Promise<V | undefined> {
    const id = idOf(this);
    const timeout = timeoutOf(options);
    const taken = take(id);
    return valueOf(taken === NOT_YET ? await waitToTake(id, timeout) : taken) as V | undefined;
  }

  /**
   * From here on every push, pending ones too, throws `ERR_QUEUE_CLOSED`; what is in the queue may
   * still be popped, and whoever waits for more is told that there is none. May be called twice.
   */
  close(): void {
    native.queueClose(idOf(this));
  }

  /**
   * Takes value after value, as `pop` does, until the queue is closed and empty. Blocks the thread
   * while it waits. What an iteration that is left early has not taken stays in the queue.
   */
  [Symbol.iterator](): IterableIterator<V> {
    return takeAll<V>(idOf(this));
  }

  /** The same for `for await`, without blocking the thread. */
  [Symbol.asyncIterator](): AsyncIterableIterator<V> {
    return takeAllAsync<V>(idOf(this));
  }

  /**
   * A deep plain copy of what is in the queue, oldest first, and stays there: see
   * `VectorRef.obtainValue`. Of more than 1,024 values some that others pop meanwhile may be left
   * out, and those behind them.
   * @throws `ERR_CONFLICT` if other threads keep dropping parts of it meanwhile
   */
  obtainValue(): Plain<V>[] {
    return obtain(idOf(this), native.types.QueueRef, 0, false) as Plain<V>[];
  }

  override [FORGET](): void {
    this.#word = NEVER;
  }

  override toJSON(): unknown[] {
    return obtain(idOf(this), native.types.QueueRef, 0, true) as unknown[];
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return inspectQueue(this, depth, options);
  }
}

registerClass('QueueRef', QueueRef);

type Taken = unknown;

/** Appends a value; false if the queue is full. */
function put(id: number, value: unknown): boolean {
  const status = tryEnqueue(id, value);
  if (status) return isThere(status);
  if (!native.queuePush(id, toValue(value, 0))) return false;
  finishMoved(value);
  return true;
}

/** The oldest value, NOT_YET if there is none, ENDED if there will be none. */
function take(id: number): Taken {
  const status = tryDequeue(id);
  if (isThere(status)) return fastResult();
  if (isAbsent(status)) return NOT_YET;
  const value = native.queuePop(id);
  if (native.out[0] === 1) return outOwned(value);
  return native.out[1] === 1 ? ENDED : NOT_YET;
}

function valueOf(taken: Taken): unknown {
  return taken === NOT_YET || taken === ENDED ? undefined : taken;
}

function takeOrWait(id: number, timeout: number): Taken {
  const taken = take(id);
  if (taken !== NOT_YET) return taken;
  return waitUntil(id, () => take(id), timeout, stillEmpty(id));
}

function waitToTake(id: number, timeout: number): Promise<Taken> {
  return waitUntilAsync(id, () => take(id), timeout, stillEmpty(id));
}

function* takeAll<V>(id: number): Generator<V, undefined> {
  for (;;) {
    const taken = takeOrWait(id, Infinity);
    if (taken === ENDED) return;
    yield taken as V;
  }
}

async function* takeAllAsync<V>(id: number): AsyncGenerator<V, undefined> {
  for (;;) {
    let taken = take(id);
    if (taken === NOT_YET) taken = await waitToTake(id, Infinity);
    if (taken === ENDED) return;
    yield taken as V;
  }
}

function stillFull(id: number): () => never {
  return () => {
    throw timedOut(`QueueRef ${id} was full all the time that a push waited`);
  };
}

function stillEmpty(id: number): () => never {
  return () => {
    throw timedOut(`QueueRef ${id} was empty all the time that a pop waited`);
  };
}
