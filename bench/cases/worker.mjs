// A running worker is told of a map of 1,000,000 entries and answers with the value of one key: how
// long that takes, and how much memory it costs each worker.
import fs from 'node:fs';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { makeKeys, numberedMap, sized } from '../data.mjs';

const COUNT = sized(1_000_000);
const WORKERS = 4;

const newWorker = (peer, file, data) =>
  new Worker(new URL(`../workers/${file}`, import.meta.url), {
    workerData: { peer: peer.name, ...data },
  });

async function startOpener(peer) {
  const worker = newWorker(peer, 'open.mjs');
  await once(worker, 'message');
  return worker;
}

/** The handle of a map that another thread has made, which has ended since. */
async function buildElsewhere(peer, count) {
  const worker = newWorker(peer, 'build.mjs', { count });
  // Both events may come in one turn.
  const [[handle]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return handle;
}

/** `settle`: the worker collects its garbage before it answers. */
async function open(worker, { handle, key, value, settle = false }) {
  worker.postMessage({ handle, key, settle });
  const [answer] = await once(worker, 'message');
  if (answer !== value) throw new Error(`the worker read ${answer} instead of ${value}`);
}

/**
 * MiB of the process's memory by PSS, once it is at rest. Without pages of files: the share of node's
 * own code changes whenever another node process starts or ends.
 */
async function proportionalSetSize() {
  let before = Infinity;
  for (let tries = 0; tries < 50; tries++) {
    globalThis.gc();
    await sleep(50); // the engine gives pages back in the background
    const sizes = [
      ...fs
        .readFileSync('/proc/self/smaps_rollup', 'utf8')
        .matchAll(/^Pss_(?:Anon|Shmem): +(\d+)/gm),
    ];
    const now = sizes.reduce((sum, [, size]) => sum + Number(size), 0) / 1024;
    if (Math.abs(now - before) < 0.05) return now;
    before = now;
  }
  throw new Error('the memory of the process does not come to rest');
}

export default [
  {
    name: 'worker.open',
    title: 'a worker opens a map of 1,000,000 entries, reads one key',
    peers: ['shared-heap', 'post-message'],
    unit: 'us',
    bounds: [{ atMost: 1000 }],
    ops: 1000, // of nanoseconds: the unit is microseconds
    clock: 'wall', // two threads take part
    maxRounds: 3,
    async setup(peer) {
      const source = numberedMap(COUNT);
      const keys = [...source.keys()];
      return { peer, keys, map: peer.mapFrom(source), worker: await startOpener(peer), round: 0 };
    },
    async run({ peer, keys, map, worker, round }) {
      const value = (round * 7919) % COUNT;
      await open(worker, { handle: peer.handle(map), key: keys[value], value });
      return COUNT;
    },
    after(state) {
      state.round += 1;
    },
    teardown: ({ worker }) => worker.terminate(),
  },
  {
    name: 'worker.memory',
    title: 'memory (PSS) that the opened map takes in each worker',
    peers: ['shared-heap', 'post-message'],
    unit: 'MiB',
    bounds: [{ atMost: 0.5 }],
    fresh: true,
    maxRounds: 1,
    async measure(peer) {
      const [key] = makeKeys(1); // they all begin with this one
      const map = await buildElsewhere(peer, COUNT);
      const small = await buildElsewhere(peer, 100);
      const workers = await Promise.all(Array.from({ length: WORKERS }, () => startOpener(peer)));
      const openInAll = async (handle) => {
        for (const worker of workers) await open(worker, { handle, key, value: 0, settle: true });
      };
      await openInAll(small); // code, and whatever else the first map needs
      await openInAll(small);
      const before = await proportionalSetSize();
      await openInAll(map);
      return { value: ((await proportionalSetSize()) - before) / WORKERS };
    },
  },
];
