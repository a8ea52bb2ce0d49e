// Locks that JavaScript holds: monitors (csrc/core/monitor.h). Nothing else of this package is locked
// for longer than a call.
import { AsyncLocalStorage } from 'node:async_hooks';
import { threadId } from 'node:worker_threads';
import { SharedHeapError, invalidArgType, requireFunction } from './errors';
import { forget, handle, letGo, stayAlive } from './events';
import { fastResult, isAbsent, tryEnter, tryLeave } from './fast';
import { native } from './native';
import { callAt, deadline, isOver, sleepUntil, timeoutOf } from './wait';

const { lockAnswer: answer, lockKinds: kinds, lockStates: states } = native;

/** How long to wait for a lock. */
export interface LockOptions {
  /** Milliseconds; default: `lockTimeout` of `configure`, 5000. `Infinity`: for ever. */
  readonly timeout?: number | undefined;
}

/** What a function learns of the lock that it runs under. */
export interface LockInfo {
  /**
   * The thread that held the lock before ended without leaving it: the object is as that thread left
   * it, perhaps in the middle of a change. Told once, to the next holder.
   */
  readonly abandoned: boolean;
}

/** A chain of asynchronous calls that holds locks. */
interface Task {
  readonly number: number;
  locks: number;
}

const tasks = new AsyncLocalStorage<Task>();
let taskCount = 0;
let labelled = false;
/** As configured; 0: not asked for yet. The first lock is after the last chance to configure it. */
let lockTimeout = 0;

/** Before the first lock: the holder's name in errors of other threads. */
function prepare(): void {
  if (labelled) return;
  native.setLabel(threadId);
  lockTimeout = native.lockTimeout();
  labelled = true;
}

function patience(options?: LockOptions): number {
  prepare();
  return timeoutOf(options, lockTimeout);
}

const AsyncFunction = (async () => Promise.resolve()).constructor as FunctionConstructor;

function requireSync(fn: unknown): void {
  requireFunction(fn, 'fn');
  // It would run without the lock from its first await on.
  if (fn instanceof AsyncFunction) {
    throw invalidArgType('fn', 'a function that is not async; use lockAsync', fn);
  }
}

// --- blocking --------------------------------------------------------------------------------

/** Runs `fn` under the lock of an object. */
export function lockWhile<R>(
  id: number,
  fn: (info: LockInfo) => R,
  options: LockOptions | undefined,
): R {
  requireSync(fn);
  const timeout = patience(options);
  const status = tryEnter(id);
  const token = status ? fastResult() : enter(id, kinds.thread, deadline(timeout));
  const abandoned = status ? isAbsent(status) : answer[1] === 1;
  try {
    return fn({ abandoned });
  } finally {
    if (!tryLeave(token)) native.lockLeave(token);
  }
}

/** The same if nobody holds it; whether `fn` has run. */
export function tryLockWhile(id: number, fn: (info: LockInfo) => unknown): boolean {
  requireSync(fn);
  prepare();
  if (native.lockEnter(id, kinds.thread, true, 0, false) !== states.holding) return false;
  const token = answer[0] as number;
  try {
    fn({ abandoned: answer[1] === 1 });
  } finally {
    native.lockLeave(token);
  }
  return true;
}

/** Runs `fn` under the locks of all these objects, taken in one order everywhere. */
export function lockAllWhile<R>(
  ids: Iterable<number>,
  fn: (info: LockInfo) => R,
  options: LockOptions | undefined,
): R {
  requireSync(fn);
  const end = deadline(patience(options));
  const held: number[] = [];
  let abandoned = false;
  try {
    for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
      held.push(enter(id, kinds.thread, end));
      abandoned ||= answer[1] === 1;
    }
    return fn({ abandoned });
  } finally {
    for (const token of held.reverse()) native.lockLeave(token);
  }
}

/** Waits for the lock; its token. `answer` tells more. */
function enter(id: number, kind: number, end: number): number {
  const state = native.lockEnter(id, kind, false, 0, false);
  if (state === undefined) throw deadlock(id);
  const token = answer[0] as number;
  if (state === states.waiting) waitForTurn(id, token, end);
  return token;
}

function waitForTurn(id: number, token: number, end: number): void {
  for (;;) {
    sleepUntil(end);
    if (isMine(id, token)) return;
    if (isOver(end)) {
      native.lockLeave(token);
      throw locked(id);
    }
  }
}

/** Whether a ticket that has waited now holds; throws if there is nothing left to wait for. */
function isMine(id: number, token: number): boolean {
  const state = native.lockLook(token);
  if (state === undefined) {
    native.lockLeave(token);
    native.attach(id, 0); // says that it is gone
  }
  return state === states.holding;
}

native.setBusyHandler((id) => enter(id, kinds.writer, deadline(patience())));

// --- not blocking ------------------------------------------------------------------------------

/** Runs `fn` under the lock of an object, to the end of its promise. */
export async function lockWhileAsync<R>(
  id: number,
  fn: (info: LockInfo) => PromiseLike<R> | R,
  options: LockOptions | undefined,
): Promise<R> {
  requireFunction(fn, 'fn');
  const end = deadline(patience(options));
  const outer = tasks.getStore();
  const nested = outer !== undefined && outer.locks > 0;
  const task = nested ? outer : { number: ++taskCount, locks: 0 };
  const state = native.lockEnter(id, kinds.task, false, task.number, nested);
  if (state === undefined) throw deadlock(id);
  const token = answer[0] as number;
  let abandoned = answer[1] === 1;
  if (state === states.waiting) abandoned = await turn(id, token, end);
  task.locks += 1;
  try {
    return await tasks.run(task, fn, { abandoned });
  } finally {
    task.locks -= 1;
    native.lockLeave(token);
  }
}

/** Waits for the turn of a ticket; whether the lock was abandoned. */
async function turn(id: number, token: number, end: number): Promise<boolean> {
  // What comes is a function, for errors to be thrown here.
  const outcome = await new Promise<() => boolean>((resolve) => {
    const finish = (result: () => boolean): void => {
      timer.cancel();
      forget(token);
      letGo();
      resolve(result);
    };
    const look = (): boolean => {
      try {
        if (!isMine(id, token)) return false;
        const abandoned = answer[1] === 1;
        finish(() => abandoned);
      } catch (error) {
        finish(() => {
          throw error;
        });
      }
      return true;
    };
    const timer = callAt(end, () => {
      // A timer that was held up may find that its turn has come.
      if (look()) return;
      const error = locked(id);
      native.lockLeave(token);
      finish(() => {
        throw error;
      });
    });
    stayAlive();
    handle(token, look);
  });
  return outcome();
}

// --- errors --------------------------------------------------------------------------------------

function locked(id: number): SharedHeapError {
  return new SharedHeapError(
    'ERR_LOCKED',
    `id ${id} was locked by thread ${answer[2]} until the time was up; hold locks more shortly, or ` +
      'wait for longer by { timeout } or configure({ lockTimeout })',
  );
}

function deadlock(id: number): SharedHeapError {
  const ids = [...answer.subarray(4, 4 + (answer[3] as number))];
  const chain =
    ids.length > 1
      ? `its holder waits for ${ids.slice(1).join(', whose holder waits for ')}, and that for what ` +
        'this thread holds'
      : 'this thread, or the task that asks, holds it itself or has asked for it before';
  return new SharedHeapError(
    'ERR_DEADLOCK',
    `waiting for the lock of id ${id} would never end: ${chain}; take locks in one order, for ` +
      'example by lockAll',
  );
}
