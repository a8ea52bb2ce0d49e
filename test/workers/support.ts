// Starts workers and collects what they answer.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { heap } from 'shared-heap';
import type { Native } from '../../types/native';

export const { native } = jest.requireActual<{ native: Native }>('../../dist/native.js');

export const file = join(__dirname, 'fixtures', 'worker.cjs');

interface Answer {
  result?: unknown;
  error?: { code?: string; message: string };
}

export function startWorker(job: string, data: object = {}): Worker {
  return new Worker(file, { workerData: { job, ...data } });
}

/** The result of a job; rejects if the worker fails or ends without one. */
export async function runWorker<T>(job: string, data: object = {}): Promise<T> {
  const worker = startWorker(job, data);
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  const answer = await new Promise<Answer>((resolve, reject) => {
    worker.on('message', (message: Answer) => {
      if ('result' in message || 'error' in message) resolve(message);
    });
    worker.once('error', reject);
    void exited.then((code) => {
      reject(new Error(`worker ended with ${code} and no result`));
    });
  });
  await exited;
  if (answer.error) throw new Error(`${answer.error.code ?? ''} ${answer.error.message}`);
  return answer.result as T;
}

/** Waits for the first beat of a worker that is never done; rejects if it ends before. */
export async function firstBeat(worker: Worker, beats: Int32Array, number: number): Promise<void> {
  let end: string | undefined;
  worker.on('message', (message: Answer) => (end ??= message.error?.message));
  worker.on('error', (error) => (end ??= error.message));
  worker.on('exit', (code) => (end ??= `exit with ${code}`));
  while (Atomics.load(beats, number) === 0) {
    if (end !== undefined) throw new Error(`worker ${number} ended before its first beat: ${end}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** n workers with the same job at the same time; `worker` in their data is their number. */
export function runWorkers<T>(n: number, job: string, data: object = {}): Promise<T[]> {
  return Promise.all(
    Array.from({ length: n }, (_, worker) => runWorker<T>(job, { ...data, worker })),
  );
}

/** Ids of all live objects. */
export function liveIds(): Set<number> {
  const ids = new Set<number>();
  let from = 0;
  do {
    for (const id of native.walk(from)) ids.add(id);
    from = native.out[0] ?? 0;
  } while (from !== 0);
  return ids;
}

export function expectSound(): void {
  expect(heap.verify()).toEqual(
    expect.objectContaining({ ok: true, quiescent: true, problems: [] }),
  );
}
