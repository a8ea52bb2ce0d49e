// Workers that come and go, and workers that are killed at any moment.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { BufferRef, MapRef, VectorRef, heap } from 'shared-heap';
import { expectSound, firstBeat, liveIds, native, runWorker, startWorker } from './support';

const exited = (worker: Worker) =>
  new Promise<number>((resolve) => {
    worker.on('error', () => undefined); // jobs that throw on purpose
    worker.once('exit', resolve);
  });

test('hundreds of short workers load the addon, use it and leave', async () => {
  const { environments, pinnedBytes: pinned, objects: before } = heap.stats();
  const n = 240;
  const next = { worker: 0 };
  const lane = async () => {
    while (next.worker < n) {
      const worker = next.worker++;
      const answer = await runWorker<{ ok: boolean; byte: number }>('brief', { worker });
      expect(answer).toEqual({ ok: true, byte: worker % 256 });
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  expect(heap.stats().environments).toBe(environments);
  expect(heap.stats().objects).toBe(before);
  // Views of dropped buffers were still reachable when their workers ended. (What was pinned before
  // belongs to test files that ran in this process earlier, and may go meanwhile.)
  expect(heap.stats().pinnedBytes).toBeLessThanOrEqual(pinned);
  expectSound();
});

test('workers that exit or throw leave nothing behind', async () => {
  const environments = heap.stats().environments;
  for (let worker = 0; worker < 20; worker++) {
    expect(await exited(startWorker('briefThenExit', { worker }))).toBe(7);
    expect(await exited(startWorker('briefThenThrow', { worker }))).toBe(1);
  }
  expect(heap.stats().environments).toBe(environments);
  expectSound();
});

test('200 workers terminated in the middle of work break nothing and lose nothing', async () => {
  const kills = 200;
  const { environments, pinnedBytes: pinned } = heap.stats();
  const log = new VectorRef<number>();
  const map = new MapRef<string, VectorRef | number>();
  const vector = new VectorRef();
  const ids = { log: log.id, map: map.id, vector: vector.id };
  const baseline = liveIds();
  const beat = new SharedArrayBuffer(4 * kills);
  const beats = new Int32Array(beat);
  let started = 0;
  let killedAtWork = 0;
  const lane = async () => {
    while (started < kills) {
      const number = started++;
      const worker = startWorker('churn', { ids, beat, worker: number });
      const ended = exited(worker);
      await firstBeat(worker, beats, number);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
      await worker.terminate();
      expect(await ended).toBe(1);
      killedAtWork++;
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  expect(killedAtWork).toBe(kills);

  // Nothing is locked, pinned, in limbo or counted wrong. (verify takes every lock; what threads that
  // are gone have left in limbo is freed by whoever comes by.)
  heap.trim();
  expectSound();
  const { limboObjects, limboBytes, pinnedBytes, ...stats } = heap.stats();
  expect({ limboObjects, limboBytes }).toEqual({ limboObjects: 0, limboBytes: 0 });
  expect(pinnedBytes).toBeLessThanOrEqual(pinned);
  expect(stats.environments).toBe(environments);

  // What lives, lives because of claims: those of logged objects, and, for each kill, at most the
  // few objects that were made but not yet logged (one, or those of one share()).
  const logged = new Set(log.obtainValue());
  expect(logged.size).toBeGreaterThan(kills);
  map.drop();
  vector.drop();
  log.drop();
  for (const id of logged) {
    if (native.typeOf(id) === 0) continue;
    for (let claims = native.counts(id)[0]; claims > 0; claims--) native.drop(id);
  }
  const unlogged = [...liveIds()].filter((id) => !baseline.has(id));
  const roots = unlogged.filter((id) => native.counts(id)[0] > 0);
  for (const id of roots) expect(native.counts(id)[0]).toBe(1);
  expect(roots.length).toBeLessThanOrEqual(4 * kills);
  for (const id of roots) native.drop(id);
  baseline.delete(log.id);
  baseline.delete(map.id);
  baseline.delete(vector.id);
  expect(liveIds()).toEqual(baseline);
  expectSound();
}, 180_000);

test.each(['stream', 'transfer'])(
  'memory of a view that was moved into another buffer (%s) outlives its worker',
  async (how) => {
    // On Node 20 there is no transfer(): the job then moves it by a stream as well.
    const worker = startWorker('moveView', { how });
    const ended = exited(worker);
    const [{ buffer }] = (await once(worker, 'message')) as [{ buffer: ArrayBuffer }];
    await ended;
    heap.trim();
    const bytes = new Uint8Array(buffer);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    // Were the memory free, these would get it.
    const others = Array.from({ length: 2000 }, () =>
      BufferRef.from(new Uint8Array(1000).fill(0x55)),
    );
    expect(bytes.every((byte) => byte === 7)).toBe(true);
    bytes.fill(0xaa);
    for (const other of others) {
      expect(new Uint8Array(other.obtainValue()).every((byte) => byte === 0x55)).toBe(true);
      other.drop();
    }
    expectSound();
  },
);

describe('the process ends cleanly', () => {
  const churn = `
    const { Worker } = require('node:worker_threads');
    const { MapRef, VectorRef } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    const file = ${JSON.stringify(join(__dirname, 'fixtures', 'worker.cjs'))};
    const ids = { log: new VectorRef().id, map: new MapRef().id, vector: new VectorRef().id };
    const beat = new SharedArrayBuffer(16);
    for (let worker = 0; worker < 4; worker++) {
      new Worker(file, { workerData: { job: 'churn', ids, beat, worker } });
    }
    const start = setInterval(() => {
      if (new Int32Array(beat).some((beats) => beats < 5)) return;
      clearInterval(start);
      END
    }, 2);
  `;
  const run = (end: string) => {
    const child = spawnSync(process.execPath, ['-e', churn.replace('END', end)], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    return { status: child.status, signal: child.signal, stderr: child.stderr };
  };

  test.each([
    ['process.exit() while workers are at work', 'process.exit(5)', 5],
    ['an uncaught error while workers are at work', 'throw new Error("on purpose")', 1],
  ])('%s', (_name, end, status) => {
    for (let i = 0; i < 5; i++) {
      const { stderr, ...ended } = run(end);
      expect(ended).toEqual({ status, signal: null });
      expect(stderr).not.toMatch(/broken invariant|FATAL/);
    }
  });
});
