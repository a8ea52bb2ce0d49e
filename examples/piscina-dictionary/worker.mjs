// One thread of the pool. It borrows both maps: the main thread owns them, and outlives the pool.

import { workerData } from 'piscina';
import { MapRef } from 'shared-heap';

const dictionary = new MapRef(workerData.dictionary);
const missing = new MapRef(workerData.missing);

/** The text with each word translated; words that the dictionary lacks stay, and are counted. */
export default function translate(text) {
  const words = text.split(' ');
  const translations = dictionary.getMany(words); // one native call for many words
  return words
    .map((word, i) => {
      if (translations[i] === undefined) missing.add(word, 1);
      return translations[i] ?? word;
    })
    .join(' ');
}
