// Large texts that another thread has stored. Each is obtained through a ref of its own, made in the
// timed loop: nothing is known of it in this thread. With postMessage the other thread is asked for
// the text and answers with a copy.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { largeText, sized } from '../data.mjs';

const MIB = 2 ** 20;
const WARM_LENGTH = 2 ** 16; // of a text that is obtained before, to have the code at hand

function lastCharacters(texts) {
  let sum = 0;
  for (const text of texts) sum += text.length + text.charCodeAt(text.length - 1);
  return sum;
}

const texts = (mib, count) => ({
  name: `text.obtain-${mib}`,
  title: `a text of ${mib} MiB from another thread, obtained`,
  peers: ['shared-heap', 'post-message'],
  bounds: [{ atMost: 1000 }, { peer: 'post-message', ahead: 1000 }],
  clock: 'wall', // two threads take part
  ops: count,
  async setup(peer) {
    const length = sized(mib * MIB);
    const lengths = [WARM_LENGTH, ...Array.from({ length: count }, () => length)];
    const worker = new Worker(new URL('../workers/text.mjs', import.meta.url), {
      workerData: { peer: peer.name, lengths },
    });
    const [[small, ...stored]] = await once(worker, 'message');
    return { peer, worker, warm: Array.from({ length: 100 }, () => small), stored, length };
  },
  async before({ peer, worker, warm }) {
    globalThis.gc(); // the texts of the pass before, and code that is not in use
    await peer.obtainTexts(warm, worker);
  },
  run({ peer, worker, stored }) {
    const obtained = peer.obtainTexts(stored, worker);
    return Array.isArray(obtained) ? lastCharacters(obtained) : obtained.then(lastCharacters);
  },
  async check({ peer, worker, stored: [first], length }) {
    const [text] = await peer.obtainTexts([first], worker);
    return text === largeText(length, 1);
  },
  teardown: ({ worker }) => worker.terminate(),
});

export default [texts(1, 64), texts(16, 8)];
