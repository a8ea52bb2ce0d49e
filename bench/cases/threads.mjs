// Two threads against one: how many times the work of one thread two do together. The measure is what
// two threads with a private JS Map each reach in the same run, because two cores share more than
// memory: caches, power, and here often a neighbour.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { isQuick, numberedMap, sized } from '../data.mjs';

const WINDOW_MS = isQuick ? 1 : 40;
const TURNS = 2;

async function setup(peer, { isShared, jobs }) {
  const map = isShared && peer.heap ? peer.mapFrom(numberedMap(sized(100_000))) : undefined;
  const start = async (seed) => {
    const worker = new Worker(new URL('../workers/threads.mjs', import.meta.url), {
      workerData: { peer: peer.name, job: jobs[peer.name], seed, handle: map && peer.handle(map) },
    });
    await once(worker, 'message');
    return worker;
  };
  return { map, workers: [await start(1), await start(2)] };
}

/** Operations a millisecond of these workers together. */
async function runTogether(workers) {
  const rates = workers.map(async (worker) => {
    worker.postMessage(WINDOW_MS);
    const [rate] = await once(worker, 'message');
    return rate;
  });
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

async function measure({ workers }) {
  const [first, second] = workers;
  let alone = 0;
  let together = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    alone += (await runTogether([first])) / 2;
    together += await runTogether(workers);
    alone += (await runTogether([second])) / 2;
  }
  const nanoseconds = (TURNS * 1e6) / alone;
  return { value: together / alone, detail: { nanoseconds } };
}

/** `theirs` is the job of the threads with private maps. */
const threads = ({ name, title, job, theirs = job, isShared = false, bounds }) => ({
  name: `threads.${name}`,
  title: `2 threads against 1: ${title}`,
  peers: ['shared-heap', 'plain'],
  unit: 'x',
  bounds,
  setup: (peer) => setup(peer, { isShared, jobs: { 'shared-heap': job, plain: theirs } }),
  measure,
  teardown: ({ workers }) => Promise.all(workers.map((worker) => worker.terminate())),
});

const asPrivate = [{ peer: 'plain', share: 0.95 }];

export default [
  threads({
    name: 'read',
    title: 'reads of one map',
    job: 'read',
    isShared: true,
    bounds: asPrivate,
  }),
  threads({
    name: 'maps',
    title: 'a map each, 3 reads to a write',
    job: 'mixed',
    bounds: asPrivate,
  }),
  threads({
    name: 'numbers',
    title: 'numbers of their own',
    job: 'numbers',
    theirs: 'read',
    bounds: asPrivate,
  }),
  threads({
    name: 'write',
    title: 'writes to one map',
    job: 'write',
    isShared: true,
    bounds: [{ atLeast: 1 }],
  }),
];
