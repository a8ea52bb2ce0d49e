// What is posted to another thread is copied by the structured clone algorithm, every entry and letter.
import { once } from 'node:events';

export const mapFrom = (source) => source;
export const handle = (map) => map;
export const fromHandle = (map) => map;

/** The worker keeps its texts, and the reader asks for them one by one. */
export const storeTexts = (texts) => texts.map((_, i) => i);
export async function obtainTexts(stored, worker) {
  const texts = [];
  for (const i of stored) {
    worker.postMessage(i);
    const [text] = await once(worker, 'message');
    texts.push(text);
  }
  return texts;
}
