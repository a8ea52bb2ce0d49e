// A program that allocates heavily in JS, beside 10,000,000 live shared objects: do they cost its
// garbage collector anything? Compared with the same program where shared-heap is not even loaded,
// and beside 10,000,000 plain objects.
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { sized } from '../data.mjs';

const LIVE = sized(10_000_000);
const STEPS = sized(8_000_000);
const KEPT = sized(50_000);

/** Some 250 bytes a step; a sixteenth is kept for a while, so that some of it grows old. */
function allocate(steps) {
  const ring = new Array(KEPT).fill(undefined);
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const made = {
      id: i,
      name: `object ${i}`,
      tags: [i, i + 1, i + 2],
      at: { line: i, column: 0.5 },
    };
    sum += made.tags.length + made.name.length;
    if (i % 16 === 0) {
      const at = (i * 7919) % KEPT;
      sum += ring[at]?.tags.length ?? 0;
      ring[at] = made;
    }
  }
  return sum;
}

export default [
  {
    name: 'gc',
    peers: ['shared-heap', 'nothing', 'plain'],
    fresh: true,
    maxRounds: 3,
    figures: [
      {
        name: 'gc.pauses',
        title: 'GC pauses beside 10,000,000 live objects',
        unit: 'number',
        bounds: [{ peer: 'nothing', within: 1.1 }],
      },
      {
        name: 'gc.total',
        title: 'GC pauses beside 10,000,000 live objects, together',
        unit: 'ms',
        bounds: [{ peer: 'nothing', within: 1.1 }],
      },
      {
        name: 'gc.mean',
        title: 'GC pauses beside 10,000,000 live objects, mean',
        unit: 'ms',
        bounds: [{ peer: 'nothing', within: 1.1 }],
      },
    ],
    async measure(peer) {
      const live = await peer.keepAlive(LIVE);
      allocate(STEPS / 4); // the young generation has its size then
      globalThis.gc();
      const pauses = [];
      const observer = new PerformanceObserver((list) => pauses.push(...list.getEntries()));
      observer.observe({ entryTypes: ['gc'] });
      const checksum = allocate(STEPS);
      await sleep(20); // entries come by themselves, a little later
      observer.disconnect();
      const total = pauses.reduce((sum, { duration }) => sum + duration, 0);
      return {
        values: {
          'gc.pauses': pauses.length,
          'gc.total': total,
          'gc.mean': total / Math.max(1, pauses.length),
        },
        detail: { beside: live.size },
        checksum,
      };
    },
  },
];
