// Second stage: reads a text and hands the same one on.

import { parentPort, workerData } from 'node:worker_threads';
import { MapRef, StringRef } from 'shared-heap';

const { previous } = workerData; // the port of the stage before
const words = new MapRef(workerData.words); // borrowed: the main thread owns it

previous.on('message', (id) => {
  if (id === null) {
    previous.close();
    return;
  }
  const text = StringRef.adopt(id);
  try {
    countWords(text.obtainValue());
    const copy = text.retain(); // a claim for the receiver; ours goes in any case
    parentPort.postMessage(copy.id);
  } finally {
    text.drop();
  }
});

function countWords(text) {
  const counts = new Map();
  for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const [word, count] of counts) words.add(word, count);
}
