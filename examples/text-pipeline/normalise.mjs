// First stage: takes a text, hands on another one.

import { parentPort, workerData } from 'node:worker_threads';
import { StringRef } from 'shared-heap';

const { next } = workerData; // the port to the next stage

parentPort.on('message', (id) => {
  if (id === null) {
    next.postMessage(null);
    parentPort.close();
    return;
  }
  const text = StringRef.adopt(id); // the claim that its sender left behind is ours now
  try {
    const normalised = text
      .obtainValue()
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, ' ')
      .trim();
    next.postMessage(StringRef.from(normalised).id); // and the claim on the new text is the receiver's
  } finally {
    text.drop();
  }
});
