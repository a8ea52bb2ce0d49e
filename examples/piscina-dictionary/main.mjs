// npm run example:dictionary [-- --words N --texts N --threads N]
//
// A piscina pool whose threads share one dictionary. See README.md.

import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { Piscina } from 'piscina';
import { MapRef, heap } from 'shared-heap';
import { textOf, translationOf, wordOf } from './words.mjs';

const { values: options } = parseArgs({
  options: {
    words: { type: 'string', default: '100000' },
    texts: { type: 'string', default: '200' },
    threads: { type: 'string', default: '2' },
  },
});
const words = Number(options.words);
const threads = Number(options.threads);
const texts = Array.from({ length: Number(options.texts) }, (_, i) => textOf(i, words));

const before = heap.stats();
const result = await run();
result['objects left in the heap'] = heap.stats().objects - before.objects;
for (const [what, value] of Object.entries(result)) {
  console.log(what.padEnd(36), value.toLocaleString('en-US').padStart(12));
}
assert.equal(result['not found, first round'], countUnknown());
assert.equal(result['not found, second round'], 0);
assert.equal(result['objects left in the heap'], 0);

async function run() {
  const dictionary = MapRef.from(entries());
  const missing = new MapRef(); // word -> how often it was looked up in vain
  try {
    const bytes = heap.stats().liveBytes - before.liveBytes;
    const pool = new Piscina({
      filename: new URL('worker.mjs', import.meta.url).href,
      workerData: { dictionary: dictionary.id, missing: missing.id },
      minThreads: threads,
      maxThreads: threads,
    });
    try {
      const first = await translateAll(pool);
      const notFound = sum(missing.values());

      // The threads of the pool find these at once: nobody has to tell them.
      const added = [...missing.keys()];
      dictionary.setMany(added.map((word) => [word, translationOf(word)]));
      missing.clear();
      const second = await translateAll(pool);

      assert.deepEqual(second, texts.map(translationOfText));
      return {
        threads,
        'words in the dictionary': words,
        'bytes of it, all threads together': bytes,
        'texts translated in each round': first.length,
        'not found, first round': notFound,
        'words added between the rounds': added.length,
        'not found, second round': sum(missing.values()),
      };
    } finally {
      await pool.destroy();
    }
  } finally {
    // No thread is left that borrows them.
    missing.drop();
    dictionary.drop();
  }
}

function* entries() {
  for (let i = 0; i < words; i += 1) yield [wordOf(i), translationOf(wordOf(i))];
}

function translateAll(pool) {
  return Promise.all(texts.map((text) => pool.run(text)));
}

function translationOfText(text) {
  return text.split(' ').map(translationOf).join(' ');
}

/** What the pool should have found, from a plain Set. */
function countUnknown() {
  const known = new Set(Array.from({ length: words }, (_, i) => wordOf(i)));
  return texts.flatMap((text) => text.split(' ')).filter((word) => !known.has(word)).length;
}

function sum(numbers) {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
