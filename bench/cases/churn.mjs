// 10,000,000 objects of mixed kinds and sizes, made and dropped by two workers that keep 512 alive
// each: what stays resident when all are gone.
import fs from 'node:fs';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { sized } from '../data.mjs';

const CYCLES = sized(10_000_000);
const WORKERS = 2;
const MIB = 2 ** 20;

const processRss = () => {
  globalThis.gc();
  const [, pages] = fs.readFileSync('/proc/self/statm', 'utf8').split(' ');
  return Number(pages) * 4096;
};

function startWorkers(cycles) {
  const workers = Array.from(
    { length: WORKERS },
    (_, i) =>
      new Worker(new URL('../workers/churn.mjs', import.meta.url), {
        workerData: { cycles: cycles / WORKERS, seed: 11 + i },
      }),
  );
  return Promise.all(workers.map((worker) => once(worker, 'exit')));
}

export default [
  {
    name: 'churn',
    title: '10,000,000 create/drop cycles from two workers: heap left resident after `trim()`',
    peers: ['shared-heap'],
    unit: 'MiB',
    fresh: true,
    maxRounds: 1,
    bounds: [{ atMost: 16 }],
    async measure({ heap }) {
      await startWorkers(200); // threads, code and first pages of every kind
      heap.trim();
      const before = heap.stats();
      const rss = processRss();
      const start = performance.now();
      const codes = await startWorkers(CYCLES);
      const seconds = (performance.now() - start) / 1000;
      if (codes.some(([code]) => code !== 0)) throw new Error('a worker failed');
      const grown = heap.stats();
      heap.trim();
      const after = heap.stats();
      const { ok, problems } = heap.verify();
      if (!ok) throw new Error(`the heap is not consistent: ${problems.join('; ')}`);
      const left = after.objects - before.objects;
      if (left !== 0) throw new Error(`${left} objects are left`);
      return {
        value: (after.residentBytes - before.residentBytes) / MIB,
        detail: {
          beforeTrim: (grown.residentBytes - before.residentBytes) / MIB,
          processRss: (processRss() - rss) / MIB,
          used: (after.usedBytes - before.usedBytes) / MIB,
          nsPerCycleAndWorker: ((seconds * 1e9) / CYCLES) * WORKERS,
        },
      };
    },
  },
];
