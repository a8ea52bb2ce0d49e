// Scopes of workers that end in every way: nothing of theirs is left.
import type { Worker } from 'node:worker_threads';
import { MapRef, StringRef, VectorRef, heap } from 'shared-heap';
import { expectSound, firstBeat, liveIds, native, runWorker, startWorker } from './support';

const exited = (worker: Worker) =>
  new Promise<number>((resolve) => {
    worker.on('error', () => undefined); // jobs that throw on purpose
    worker.once('exit', resolve);
  });

/** Two containers that workers share, and a check that all they made has gone. */
function sharedWithWorkers() {
  const before = liveIds();
  const map = new MapRef<string>();
  const vector = new VectorRef();
  return {
    ids: { map: map.id, vector: vector.id },
    expectNothingLeft() {
      expect([native.counts(map.id)[0], native.counts(vector.id)[0]]).toEqual([1, 1]);
      map.drop();
      vector.drop();
      expect(liveIds()).toEqual(before);
      heap.trim();
      expectSound();
    },
  };
}

test('150 scoped workers terminated at random moments leave nothing behind', async () => {
  const kills = 150;
  const { environments } = heap.stats();
  const { ids, expectNothingLeft } = sharedWithWorkers();
  const beat = new SharedArrayBuffer(4 * kills);
  const beats = new Int32Array(beat);
  let started = 0;
  const lane = async () => {
    while (started < kills) {
      const number = started++;
      const worker = startWorker('scoped', { ids, beat, worker: number });
      const ended = exited(worker);
      await firstBeat(worker, beats, number);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      await worker.terminate();
      expect(await ended).toBe(1);
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  expect(heap.stats().environments).toBe(environments);
  expectNothingLeft();
}, 180_000);

test.each([
  ['process.exit()', 'exit', 7],
  ['an error that nobody catches', 'throw', 1],
  ['its last line, with the scope still open', 'return', 0],
])('a worker that ends by %s gives up its scopes', async (_name, end, code) => {
  const { ids, expectNothingLeft } = sharedWithWorkers();
  for (let worker = 0; worker < 10; worker++) {
    expect(await exited(startWorker('scopedThen', { ids, worker, end }))).toBe(code);
  }
  expectNothingLeft();
});

test('what the worker kept, and what others claimed, outlives it', async () => {
  const { kept, left } = await runWorker<{ kept: number; left: number }>('keepOne');
  const map = MapRef.adopt(kept);
  expect(map.obtainValue()).toEqual({ list: [1, 2] });
  expect(native.typeOf(left)).toBe(0);
  map.drop();

  const ours = StringRef.from('ours');
  await runWorker('retainInScope', { id: ours.id });
  expect(native.counts(ours.id)).toEqual([1, 0]);
  ours.drop();
  expectSound();
});
