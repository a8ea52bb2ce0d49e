// A map that grows from nothing to 10,000,000 entries: what an insert costs as it grows, and the worst
// single one. Every insert is timed by itself, so a reading of the clock is in every figure. What
// stops the world meanwhile (garbage collection, another process on the core) counts as well.
import { sized } from '../data.mjs';

const COUNT = sized(10_000_000);
const PIECES = 4096; // COUNT is less than PIECES²
const CURVE_FROM = 1024;

/** Pieces of keys: any two of them make a key, no list of all keys has to be kept. */
const pieces = (first) => Array.from({ length: PIECES }, (_, i) => `${first}${i + 10_000}`);

/** Inserts up to `end`; returns the mean and the worst in nanoseconds. */
function insert(map, { heads, tails }, start, end) {
  const began = performance.now();
  let before = began;
  let worst = 0;
  for (let i = start; i < end; i++) {
    map.set(heads[i & (PIECES - 1)] + tails[(i / PIECES) | 0], i);
    const now = performance.now();
    if (now - before > worst) worst = now - before;
    before = now;
  }
  return { mean: ((before - began) * 1e6) / (end - start), worst: worst * 1e6 };
}

export default [
  {
    name: 'growth',
    peers: ['shared-heap', 'plain'],
    fresh: true,
    maxRounds: 1,
    figures: [
      { name: 'growth.mean', title: 'a map grows to 10,000,000 entries: mean of an insert' },
      {
        name: 'growth.worst',
        title: 'a map grows to 10,000,000 entries: worst insert',
        unit: 'ms',
      },
    ],
    measure(peer) {
      const keys = { heads: pieces('h'), tails: pieces('t') };
      insert(peer.newMap(COUNT), keys, 0, CURVE_FROM * 16); // optimised from here on
      const map = peer.newMap(COUNT);
      const curve = [];
      for (
        let start = 0, end = CURVE_FROM;
        start < COUNT;
        start = end, end = Math.min(end * 2, COUNT)
      ) {
        curve.push({ entries: end, ...insert(map, keys, start, end) });
      }
      const sum = curve.reduce((total, { mean, entries }, i) => {
        return total + mean * (entries - (curve[i - 1]?.entries ?? 0));
      }, 0);
      return {
        values: {
          'growth.mean': sum / COUNT,
          'growth.worst': Math.max(...curve.map(({ worst }) => worst)) / 1e6,
        },
        detail: { curve },
        checksum: `${map.size} ${map.get(keys.heads[1] + keys.tails[0])}`,
      };
    },
  },
];
