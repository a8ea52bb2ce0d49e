// The worker of cases/text.mjs: stores texts of these lengths, and answers who asks it for one.
import { parentPort, workerData } from 'node:worker_threads';
import { largeText } from '../data.mjs';

const { peer: peerName, lengths } = workerData;
const { storeTexts } = await import(`../peers/${peerName}.mjs`);

const texts = lengths.map(largeText);
parentPort.postMessage(storeTexts(texts));
parentPort.on('message', (i) => parentPort.postMessage(texts[i]));
