// A running worker gets a map of 1,000,000 entries and answers with the value of one key.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { makeKeys } from '../data.mjs';

const COUNT = 1_000_000;

export default [
  {
    name: 'worker.open',
    title: 'a worker opens a map of 1,000,000 entries, reads one key',
    peers: ['shared-heap', 'post-message'],
    unit: 'us',
    ops: 1000, // of nanoseconds: the unit is microseconds
    clock: 'wall', // two threads take part
    maxRounds: 3,
    maxPasses: 3,
    async setup(peer) {
      const keys = makeKeys(COUNT);
      const map = peer.mapFrom(new Map(keys.map((key, i) => [key, i])));
      const worker = new Worker(new URL('../open-worker.mjs', import.meta.url), {
        workerData: { peer: peer.name },
      });
      await once(worker, 'message');
      return { peer, keys, map, worker, round: 0 };
    },
    async run(state) {
      const at = (state.round++ * 7919) % COUNT;
      state.worker.postMessage({ map: state.peer.handle(state.map), key: state.keys[at] });
      const [value] = await once(state.worker, 'message');
      if (value !== at) throw new Error(`the worker read ${value} instead of ${at}`);
      return COUNT;
    },
    teardown: ({ worker }) => worker.terminate(),
  },
];
