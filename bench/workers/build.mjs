// A worker of cases/worker.mjs: makes a map, posts its handle, and takes its garbage with it when it
// ends.
import { parentPort, workerData } from 'node:worker_threads';
import { numberedMap } from '../data.mjs';

const { peer: peerName, count } = workerData;
const { mapFrom, handle } = await import(`../peers/${peerName}.mjs`);

parentPort.postMessage(handle(mapFrom(numberedMap(count))));
