// npm run example:config [-- --reloads N --threads N]
//
// A config that is replaced while worker threads read it. See README.md.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { MapRef, NumberRef, heap, names, share } from 'shared-heap';

const { values: options } = parseArgs({
  options: {
    reloads: { type: 'string', default: '500' },
    threads: { type: 'string', default: '2' },
  },
});
const reloads = Number(options.reloads);
const threads = Number(options.threads);

const before = heap.stats().objects;
const folder = mkdtempSync(join(tmpdir(), 'live-config-'));
let result;
try {
  result = await run(join(folder, 'config.json'));
} finally {
  rmSync(folder, { recursive: true });
}
result['objects left in the heap'] = heap.stats().objects - before;
for (const [what, value] of Object.entries(result)) {
  console.log(what.padEnd(44), value.toLocaleString('en-US').padStart(12));
}
assert.ok(result['reads'] > 0);
assert.equal(result['reads that saw a mix of two configs'], 0);
assert.equal(result['configs left when the readers had ended'], 1);
assert.equal(result['objects left in the heap'], 0);

/** To readers this is one step: the name stands for the old config or for the new one. */
function reload(file) {
  const config = share(JSON.parse(readFileSync(file, 'utf8')));
  try {
    // The name takes over our claim, and lets go of the old config: that one is dropped when the last
    // reader drops it, or now if nobody reads it.
    names.set('config', config.move());
  } finally {
    config[Symbol.dispose](); // nothing is left to do unless set() has thrown
  }
}

async function run(file) {
  const totals = MapRef.from({ reads: 0, outdated: 0, mixed: 0 });
  const running = NumberRef.from(1);
  const objects = heap.stats().objects;
  try {
    writeConfig(file, 0);
    reload(file);
    const objectsOfConfig = heap.stats().objects - objects;
    const workerData = { totals: totals.id, running: running.id };
    const readers = Array.from(
      { length: threads },
      () => new Worker(new URL('reader.mjs', import.meta.url), { workerData }),
    );
    try {
      const exits = readers.map((reader) => once(reader, 'exit'));
      while (totals.get('reads') < threads) await setTimeout(1);

      let most = 1;
      for (let version = 1; version <= reloads; version += 1) {
        writeConfig(file, version);
        reload(file);
        most = Math.max(most, Math.ceil((heap.stats().objects - objects) / objectsOfConfig));
        await setTimeout(1);
      }

      running.setValue(0);
      await Promise.all(exits);
      return {
        reloads,
        reads: totals.get('reads'),
        'reads that ended after the next reload': totals.get('outdated'),
        'reads that saw a mix of two configs': totals.get('mixed'),
        'configs in the heap at a time, at most': most,
        'configs left when the readers had ended':
          (heap.stats().objects - objects) / objectsOfConfig,
      };
    } finally {
      await Promise.all(readers.map((reader) => reader.terminate()));
    }
  } finally {
    names.delete('config');
    running.drop();
    totals.drop();
  }
}

/** Every value follows from the version: readers can tell a mix. */
function writeConfig(file, version) {
  const config = {
    version,
    port: 8000 + version,
    hosts: [`a-${version}.example`, `b-${version}.example`],
    limits: { rate: version * 10, burst: version * 20 },
  };
  writeFileSync(file, JSON.stringify(config));
}
