// The worker of cases/worker.mjs.
import { parentPort, workerData } from 'node:worker_threads';

const peer = await import(`./peers/${workerData.peer}.mjs`);

parentPort.on('message', ({ map, key }) => {
  parentPort.postMessage(peer.fromHandle(map).get(key));
});
parentPort.postMessage('ready');
