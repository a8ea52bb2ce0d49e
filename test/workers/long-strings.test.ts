// Strings over texts of the heap, and the threads that use them ending one way or another.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { StringRef, VectorRef, heap } from 'shared-heap';
import { expectSound, runWorkers, startWorker } from './support';

const text = (i: number, unit: string) => `${i}`.padEnd(50_000, unit);
const units = ['x', '\u20ac'];

/** What a job with three strings of each kind, and elements of a vector, needs. */
function prepare() {
  const refs = [0, 1, 2].flatMap((i) => units.map((unit) => StringRef.from(text(i, unit))));
  const vector = VectorRef.from([0, 1, 2, 3].map((i) => text(i, 'y')));
  const other = StringRef.from(text(9, 'x'));
  const ids = { strings: refs.map((ref) => ref.id), vector: vector.id, other: other.id };
  return { ids, vector, other };
}

test.each(['terminate', 'loop', 'exit', 'throw'])(
  'a worker that ends (%s) with strings in use gives their memory back',
  async (end) => {
    for (let round = 0; round < 5; round++) {
      const before = heap.stats();
      const { ids, vector, other } = prepare();
      const worker = startWorker('holdStrings', { ids, end, worker: 0 });
      worker.on('error', () => undefined);
      const ended = once(worker, 'exit').catch(() => undefined);
      const [message] = (await once(worker, 'message')) as [object];
      expect(message).toEqual({ right: true, count: 11 });
      if (end === 'terminate') {
        // All were dropped, or taken out, while the worker uses them.
        expect(heap.stats().pinnedBytes).toBeGreaterThan(3 * 50_000 + 3 * 100_000 + 50_000 - 1);
      }
      if (end === 'terminate' || end === 'loop') await worker.terminate();
      await ended;
      vector.drop();
      other.drop();
      // (What was pinned before belongs to other tests of this process and may go meanwhile.)
      const { objects, pinnedBytes, environments } = heap.stats();
      expect(pinnedBytes).toBeLessThanOrEqual(before.pinnedBytes);
      expect({ objects, environments }).toEqual({
        objects: before.objects,
        environments: before.environments,
      });
      expectSound();
    }
  },
);

test('many workers read the same texts while they are overwritten', async () => {
  const before = heap.stats();
  const { ids, vector, other } = prepare();
  const strings = ids.strings.map((id) => new StringRef(id));
  const data = { ids: { ...ids, strings: [] }, end: 'return' };
  const [answers] = await Promise.all([
    runWorkers<{ right: boolean }>(4, 'holdStrings', data),
    (async () => {
      for (let i = 0; i < 200; i++) {
        for (const ref of strings) ref.setValue(text(i, 'y'));
        vector.push(text(i, '\u20ac'));
        vector.splice(0, 1);
        if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })(),
  ]);
  expect(answers.every(({ right }) => right)).toBe(true);
  for (const ref of strings) ref.drop();
  vector.drop();
  other.drop();
  expect(heap.stats().objects).toBe(before.objects);
  expectSound();
});

test.each([
  ['ends by itself', '', 0],
  ['exits', 'process.exit(5)', 5],
  ['fails', 'throw new Error("on purpose")', 1],
])('a process that %s while threads use strings ends cleanly', (_name, end, status) => {
  const script = `
    const { Worker } = require('node:worker_threads');
    const { StringRef, VectorRef } = require(${JSON.stringify(join(__dirname, '../../dist/index.js'))});
    const file = ${JSON.stringify(join(__dirname, 'fixtures', 'worker.cjs'))};
    const make = (i, unit) => StringRef.from(String(i).padEnd(50_000, unit));
    const own = globalThis.own = [make(1, 'x'), make(2, '\\u20ac')].map((ref) => {
      const string = ref.obtainValue();
      ref.drop();
      return string;
    });
    let left = 3;
    for (let worker = 0; worker < 3; worker++) {
      const strings = [make(3, 'x').id, make(4, '\\u20ac').id];
      const ids = { strings, vector: VectorRef.from(['1yyyy'.padEnd(9000, 'y')]).id, other: 0 };
      const end = ${end === ''} ? 'return' : 'wait';
      const thread = new Worker(file, { workerData: { job: 'holdStrings', ids, end, worker } });
      thread.once('message', () => {
        if (--left > 0) return;
        ${end}
      });
    }`;
  for (let round = 0; round < 3; round++) {
    const child = spawnSync(process.execPath, ['-e', script], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ status: child.status, signal: child.signal }).toEqual({ status, signal: null });
    expect(child.stderr).not.toMatch(/broken invariant|FATAL|Fatal/);
  }
});
