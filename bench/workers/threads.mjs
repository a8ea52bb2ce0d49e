// A worker of cases/threads.mjs: does its job for as long as it is told, and answers how much it did.
import { parentPort, workerData } from 'node:worker_threads';
import { numberedMap, shuffle, sized } from '../data.mjs';

const BATCH = 2048; // operations between two looks at the clock
const { peer: peerName, job, handle, seed } = workerData;
const peer = await import(`../peers/${peerName}.mjs`);

/** The shared map, or one of this thread's own. */
function openMap() {
  const source = numberedMap(sized(100_000));
  const map = handle === undefined ? peer.mapFrom(source) : peer.fromHandle(handle);
  return { map, keys: shuffle([...source.keys()], seed) };
}

/** Each gives the function that does a batch from a place on; all of them return what they read. */
const jobs = {
  read() {
    const { map, keys } = openMap();
    return (from) => {
      let sum = 0;
      for (let i = from; i < from + BATCH; i++) sum += map.get(keys[i % keys.length]);
      return sum;
    };
  },
  write() {
    const { map, keys } = openMap();
    return (from) => {
      for (let i = from; i < from + BATCH; i++) map.set(keys[i % keys.length], i & 1023);
      return map.get(keys[from % keys.length]);
    };
  },
  mixed() {
    const { map, keys } = openMap();
    return (from) => {
      let sum = 0;
      for (let i = from; i < from + BATCH; i++) {
        const key = keys[i % keys.length];
        if (i % 4 === 0) map.set(key, i & 1023);
        else sum += map.get(key);
      }
      return sum;
    };
  },
  numbers() {
    const cells = shuffle(
      Array.from({ length: 1024 }, (_, i) => peer.newNumber(i)),
      seed,
    );
    return (from) => {
      let sum = 0;
      for (let i = from; i < from + BATCH; i++) {
        const cell = cells[i & 1023];
        cell.setValue(i + 0.5);
        sum += cell.obtainValue();
      }
      return sum;
    };
  },
};

const work = jobs[job]();
let done = 0;
let sum = 0;

parentPort.on('message', (milliseconds) => {
  const start = performance.now();
  const before = done;
  let now = start;
  while (now < start + milliseconds) {
    sum += work(done);
    done += BATCH;
    now = performance.now();
  }
  if (Number.isNaN(sum)) throw new Error('a key was not found');
  parentPort.postMessage((done - before) / (now - start));
});
parentPort.postMessage('ready');
