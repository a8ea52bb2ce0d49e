// Threads that work together: a counter that all add to, locks, queues, being told of changes.
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { microseconds } from '../clock.mjs';
import { isQuick, sized } from '../data.mjs';

const ADDS = sized(200_000); // of each thread
const LOCKS = sized(200_000);
const ITEMS = sized(200_000);
const TRIPS = sized(2_000);
const WAKES = sized(200);
const WINDOW_MS = isQuick ? 5 : 300;
const CONTENDERS = 4;

async function start(peer, job, data) {
  const worker = new Worker(new URL('../workers/coordinate.mjs', import.meta.url), {
    workerData: { peer: peer.name, job, ...data },
  });
  await once(worker, 'message');
  return worker;
}

/** Has a worker do its job once. */
async function ask(worker, request) {
  worker.postMessage(request);
  const [answer] = await once(worker, 'message');
  return answer;
}

const stop = (workers) => Promise.all(workers.map((worker) => worker.terminate()));

/** Two queues, or two numbers: there and back. */
const pair = (make) => (peer) => (peer.QueueRef ? [make(peer), make(peer)] : []);
const queues = pair(({ QueueRef }) => new QueueRef());
const numbers = pair(({ NumberRef }) => new NumberRef());

/** A case of this thread and a worker that does a job with a pair; `run` begins when it is ready. */
const withWorker = ({ name, title, ops, unit, bounds, newPair, job, run, measure }) => ({
  name: `coordinate.${name}`,
  title,
  peers: ['shared-heap', 'post-message'],
  unit,
  ops,
  clock: 'wall', // two threads take part
  bounds,
  async setup(peer) {
    const shared = newPair(peer);
    const worker = await start(peer, job, { ids: shared.map(({ id }) => id) });
    return { shared, worker };
  },
  run,
  measure,
  teardown: ({ worker }) => stop([worker]),
});

/** Numbers posted to the worker, each answered before the next is posted. */
async function pingPong(worker) {
  let sum = 0;
  for (let i = 0; i < TRIPS; i++) sum += await ask(worker, i);
  return sum;
}

const perTrip = { ops: 2 * TRIPS * 1000, unit: 'us' }; // of nanoseconds: half a round trip, in us

export default [
  {
    name: 'coordinate.counter',
    title: 'a counter that two threads add 1 to',
    peers: ['shared-heap', 'shared-array'],
    ops: 2 * ADDS,
    clock: 'wall', // two threads take part
    bounds: [{ peer: 'shared-array', within: 5 }],
    async setup(peer) {
      const counter = peer.newCounter();
      const data = { handle: peer.counterHandle(counter) };
      const workers = [await start(peer, 'count', data), await start(peer, 'count', data)];
      return { peer, counter, workers };
    },
    async run({ peer, counter, workers }) {
      const before = peer.countOf(counter);
      await Promise.all(workers.map((worker) => ask(worker, ADDS)));
      return peer.countOf(counter) - before; // the checksum: no addition is lost
    },
    teardown: ({ workers }) => stop(workers),
  },
  {
    name: 'coordinate.lock',
    title: 'lock(fn) that nobody else wants',
    peers: ['shared-heap', 'native-call'],
    ops: LOCKS,
    setup: (peer) => ({ lock: peer.newLock() }),
    run({ lock }) {
      let sum = 0;
      for (let i = 0; i < LOCKS; i++) sum += lock.lock(() => i);
      return sum;
    },
  },
  withWorker({
    name: 'queue',
    title: 'numbers from one thread to another',
    ops: ITEMS,
    bounds: [{ peer: 'post-message', ahead: 5 }],
    newPair: queues,
    job: 'produce',
    async run({ shared: [queue], worker }) {
      let sum = 0;
      if (queue) {
        worker.postMessage(ITEMS);
        for (let i = 0; i < ITEMS; i++) sum += queue.pop();
        await once(worker, 'message');
        return sum;
      }
      return new Promise((resolve) => {
        let left = ITEMS;
        worker.on('message', function add(number) {
          if (typeof number !== 'number') return;
          sum += number;
          left -= 1;
          if (left > 0) return;
          worker.off('message', add);
          resolve(sum);
        });
        worker.postMessage(ITEMS);
      });
    },
  }),
  withWorker({
    ...perTrip,
    name: 'handover',
    title: 'a number handed to a thread that waits for it',
    bounds: [{ peer: 'post-message', within: 0.5 }],
    newPair: queues,
    job: 'answer',
    run({ shared: [there, back], worker }) {
      if (!there) return pingPong(worker);
      let sum = 0;
      for (let i = 0; i < TRIPS; i++) {
        there.push(i);
        sum += back.pop();
      }
      return sum;
    },
  }),
  withWorker({
    name: 'wake',
    title: 'a number handed to a thread that has gone to sleep',
    unit: 'us', // nearly all of it the system's, which wakes a thread and a processor
    newPair: queues,
    job: 'receive',
    async measure({ shared: [queue], worker }) {
      await ask(worker, WAKES);
      const mean = once(worker, 'message');
      for (let i = 0; i < WAKES; i++) {
        await setTimeout(1);
        if (queue) queue.push(microseconds());
        else worker.postMessage(microseconds());
      }
      return { value: (await mean)[0] };
    },
  }),
  withWorker({
    ...perTrip,
    name: 'watch',
    title: 'a change told to a thread that watches',
    newPair: numbers,
    job: 'react',
    async run({ shared: [there, back], worker }) {
      if (!there) return pingPong(worker);
      let sum = 0;
      let expected;
      let resolve;
      const look = () => {
        if (back.obtainValue() === expected) resolve();
      };
      const watch = back.watch(look, { ref: true });
      for (let i = 0; i < TRIPS; i++) {
        const seen = new Promise((done) => (resolve = done));
        expected = i + 1;
        there.setValue(i + 1);
        await seen;
        sum += back.obtainValue() - 1;
      }
      watch.unwatch();
      return sum;
    },
  }),
  {
    name: 'coordinate.fairness',
    title: `the least share of ${CONTENDERS} threads that want one lock, of a fair one`,
    peers: ['shared-heap'],
    unit: 'x',
    bounds: [{ atLeast: 1 / 3 }],
    async setup(peer) {
      const lock = peer.newLock();
      const workers = [];
      for (let i = 0; i < CONTENDERS; i++) {
        workers.push(await start(peer, 'contend', { handle: lock.id }));
      }
      return { workers };
    },
    async measure({ workers }) {
      const counts = await Promise.all(workers.map((worker) => ask(worker, WINDOW_MS)));
      const total = counts.reduce((sum, count) => sum + count, 0);
      return { value: (Math.min(...counts) * CONTENDERS) / total };
    },
    teardown: ({ workers }) => stop(workers),
  },
];
