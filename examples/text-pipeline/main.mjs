// npm run example:pipeline [-- --texts N --size N]
//
// Big texts that go through two worker threads by their ids. See README.md.

import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { parseArgs } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import { MapRef, StringRef, heap } from 'shared-heap';

const { values: options } = parseArgs({
  options: {
    texts: { type: 'string', default: '50' },
    size: { type: 'string', default: '500000' },
  },
});
const texts = Number(options.texts);
const size = Number(options.size); // characters of a text
const inFlight = 4; // texts in the pipeline at a time, so that memory stays small
const numerals = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

const before = heap.stats().objects;
const result = await run();
result['objects left in the heap'] = heap.stats().objects - before;
for (const [what, value] of Object.entries(result)) {
  console.log(what.padEnd(36), value.toLocaleString('en-US').padStart(12));
}
const expected = expectedTotals();
assert.equal(result['characters that went through'], expected.characters);
assert.equal(result['words counted'], expected.words);
assert.equal(result['objects left in the heap'], 0);

async function run() {
  const words = new MapRef();
  const { port1, port2 } = new MessageChannel();
  const normalise = new Worker(new URL('normalise.mjs', import.meta.url), {
    workerData: { next: port1 },
    transferList: [port1],
  });
  const count = new Worker(new URL('count.mjs', import.meta.url), {
    workerData: { previous: port2, words: words.id },
    transferList: [port2],
  });
  try {
    let sent = 0;
    let received = 0;
    let characters = 0;
    let largest = 0;
    const send = () => {
      // We do not drop this: the claim goes with the id, and the receiver adopts it.
      normalise.postMessage(StringRef.from(textOf(sent)).id);
      sent += 1;
    };
    while (sent < Math.min(inFlight, texts)) send();
    for await (const [id] of on(count, 'message')) {
      const text = StringRef.adopt(id);
      try {
        characters += text.length;
        received += 1;
      } finally {
        text.drop();
      }
      largest = Math.max(largest, heap.stats().objects - before);
      if (sent < texts) send();
      if (received === texts) break;
    }
    const exits = [once(normalise, 'exit'), once(count, 'exit')];
    normalise.postMessage(null); // the end, which every stage hands on
    await Promise.all(exits);
    return {
      'texts that went through': received,
      'characters that went through': characters,
      'messages, of one number each': 3 * received,
      'words counted': sum(words.values()),
      'different words': words.size,
      'objects in the heap, at most': largest,
    };
  } finally {
    await Promise.all([normalise.terminate(), count.terminate()]);
    words.drop();
  }
}

/** Text number i, of `size` characters or a few more. */
function textOf(i) {
  const sentence = `The ${numerals[i % 10]}, THE ${numerals[(i * 7 + 3) % 10]}: the end!\n`;
  return sentence.repeat(Math.ceil(size / sentence.length));
}

/** The same by one thread, on plain strings. */
function expectedTotals() {
  let characters = 0;
  let words = 0;
  for (let i = 0; i < texts; i += 1) {
    const normalised = textOf(i)
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, ' ')
      .trim();
    characters += normalised.length;
    words += normalised.split(' ').length;
  }
  return { characters, words };
}

function sum(numbers) {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
