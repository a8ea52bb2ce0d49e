// The worker of cases/worker.mjs: opens a map that it is told of, keeps it, and answers with the value
// of one key.
import { parentPort, workerData } from 'node:worker_threads';

const { fromHandle } = await import(`../peers/${workerData.peer}.mjs`);

let map;
parentPort.on('message', ({ handle, key, settle }) => {
  map = fromHandle(handle);
  const value = map.get(key);
  if (settle) globalThis.gc();
  parentPort.postMessage(value);
});
parentPort.postMessage('ready');
