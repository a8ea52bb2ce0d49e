// A worker of cases/gc.mjs: makes numbers that live on, posts ids of a few, and takes its garbage with
// it when it ends.
import { parentPort, workerData } from 'node:worker_threads';
import { NumberRef } from '../peers/shared-heap.mjs';

const ids = [];
for (let i = 0; i < workerData.count; i++) {
  const { id } = NumberRef.from(i);
  if (i % 4096 === 0) ids.push(id);
}
parentPort.postMessage(ids);
