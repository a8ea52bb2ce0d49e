// A worker that runs functions sent to it as text: the thread that another test line needs.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { Ref } from 'shared-heap';
import type { Native } from '../../types/native';

/** What a function in a thread gets before its arguments; it sees nothing else of its file. */
export type Inside = typeof import('shared-heap') & {
  /** Kept from one function to the next. */
  state: Record<string, any>;
  parentPort: MessagePort;
  require: NodeJS.Require;
};

export interface Failure {
  name: string;
  code?: string;
  message: string;
}

interface Answer {
  number: number;
  result?: unknown;
  error?: Failure;
}

const file = join(__dirname, 'fixtures', 'thread.cjs');
const started: Thread[] = [];

/** A lock that a thread holds until it is told to leave it. */
export interface Held {
  /** Resolves when the lock is left. */
  leave(): Promise<void>;
}

export class Thread {
  readonly worker = new Worker(file);
  /** Its exit code. */
  readonly exited: Promise<number>;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #count = 0;

  constructor() {
    started.push(this);
    this.exited = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.on('error', () => undefined); // threads that throw on purpose
    this.worker.on('message', (answer: Answer) => this.#answers.get(answer.number)?.(answer));
  }

  /** Its result; rejects with what it throws, or if the thread ends first. */
  async run<A extends unknown[], R>(
    fn: (inside: Inside, ...args: A) => R | Promise<R>,
    ...args: A
  ): Promise<R> {
    const number = ++this.#count;
    const answered = new Promise<Answer>((resolve) => this.#answers.set(number, resolve));
    this.worker.postMessage({ number, source: fn.toString(), args });
    const answer = await Promise.race([answered, this.exited]);
    if (typeof answer === 'number') throw new Error(`the thread ended with ${answer}`);
    if (answer.error) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result as R;
  }

  /** Runs a function that does not come back before the thread is ended; resolves when it signals. */
  async begin<A extends unknown[]>(
    fn: (inside: Inside, signal: () => void, ...args: A) => unknown,
    ...args: A
  ): Promise<void> {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const source = `(inside, cell, ...args) => (${fn.toString()})(inside, () => { Atomics.store(cell, 0, 1); Atomics.notify(cell, 0); }, ...args)`;
    this.worker.postMessage({ number: ++this.#count, source, args: [cell, ...args] });
    await until(() => Atomics.load(cell, 0) === 1);
  }

  /** Has the thread lock an object, blocking all it does. */
  async hold(ref: Ref): Promise<Held> {
    const cell = new Int32Array(new SharedArrayBuffer(8));
    const left = this.run(
      ({ refFromId }, id, signals) => {
        refFromId(id).lock(() => {
          Atomics.store(signals, 0, 1);
          Atomics.wait(signals, 1, 0);
        });
      },
      ref.id,
      cell,
    );
    left.catch(() => undefined); // a holder that is ended
    await until(() => Atomics.load(cell, 0) === 1);
    return {
      leave: async () => {
        Atomics.store(cell, 1, 1);
        Atomics.notify(cell, 1);
        await left;
      },
    };
  }

  async terminate(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Polls: jest's thread has nothing better to wait for a shared word with. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function threads(n: number): Thread[] {
  return Array.from({ length: n }, () => new Thread());
}

/** To be called once in a file: ends the threads of each test after it. */
export function endThreads(): void {
  afterEach(async () => {
    await Promise.all(started.splice(0).map((thread) => thread.terminate()));
  });
}

/** The code with which a promise is rejected; undefined if it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => (error as Failure).code ?? (error as Failure).message,
  );
}

const { native } = jest.requireActual<{ native: Native }>('../../dist/native.js');

/** Expects that no object of the heap has a monitor or a watch any more. */
export async function expectNothingWaits(): Promise<void> {
  const counts = (): number[] => {
    native.countWaits();
    return [...native.out.subarray(0, 3)];
  };
  // Watches of numbers go when every thread has come by.
  for (let i = 0; i < 2000 && counts().some((count) => count > 0); i++) await pause(1);
  expect(counts()).toEqual([0, 0, 0]);
}

/** Resolves when so many, of all threads, are in the queues of locks. */
export async function untilQueued(n: number): Promise<void> {
  await until(() => {
    native.countWaits();
    return native.out[3] === n;
  });
}
