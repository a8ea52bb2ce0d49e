// A worker of cases/coordinate.mjs: does its job as often as it is asked.
import { parentPort, workerData } from 'node:worker_threads';
import { microseconds } from '../clock.mjs';

const { peer: peerName, job, handle, ids = [] } = workerData;
const peer = await import(`../peers/${peerName}.mjs`);

const post = (answer) => parentPort.postMessage(answer);
const onRequest = (answer) => parentPort.on('message', (request) => post(answer(request)));

const jobs = {
  count() {
    const counter = peer.openCounter(handle);
    onRequest((n) => {
      for (let i = 0; i < n; i++) counter.add(1);
      return 'done';
    });
  },

  /** Numbers from 0 on, through the queue or as messages. */
  produce() {
    const queue = ids.length > 0 ? new peer.QueueRef(ids[0]) : undefined;
    const give = queue ? (i) => queue.push(i) : post;
    onRequest((n) => {
      for (let i = 0; i < n; i++) give(i);
      return 'done';
    });
  },

  /** Gives back what it gets. */
  answer() {
    if (ids.length === 0) {
      onRequest((number) => number);
      return;
    }
    const [there, back] = ids.map((id) => new peer.QueueRef(id));
    setImmediate(() => {
      for (;;) back.push(there.pop());
    });
  },

  /** Asked for n: the mean of the microseconds that n moments took to come here. */
  receive() {
    const queue = ids.length > 0 ? new peer.QueueRef(ids[0]) : undefined;
    let left = 0;
    let total = 0;
    let n = 0;
    const take = (sent) => {
      total += microseconds() - sent;
      left -= 1;
      if (left === 0) post(total / n);
    };
    parentPort.on('message', (request) => {
      if (left > 0) {
        take(request);
        return;
      }
      n = left = request;
      total = 0;
      post('ready');
      while (queue && left > 0) take(queue.pop());
    });
  },

  /** The same with numbers that are watched. */
  react() {
    if (ids.length === 0) {
      onRequest((number) => number);
      return;
    }
    const [there, back] = ids.map((id) => new peer.NumberRef(id));
    there.watch(() => back.setValue(there.obtainValue()), { ref: true });
  },

  /** Locks for so many milliseconds; how often it could. */
  contend() {
    const lock = new peer.MapRef(handle);
    onRequest((ms) => {
      const end = performance.now() + ms;
      let count = 0;
      while (performance.now() < end) lock.lock(() => (count += 1), { timeout: Infinity });
      return count;
    });
  },
};

jobs[job]();
post('ready');
