// A worker thread that works by the config, which may be replaced at any moment.

import { setImmediate } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import { MapRef, NumberRef, names } from 'shared-heap';

const totals = new MapRef(workerData.totals);
const running = new NumberRef(workerData.running);

/** Runs a task with the config of this moment, which stays there unchanged until the task has ended. */
async function withConfig(task) {
  const config = names.acquire('config');
  try {
    return await task(config);
  } finally {
    config.drop(); // if it has been replaced meanwhile the last reader's drop() ends it
  }
}

while (running.obtainValue() === 1) {
  await withConfig(async (config) => {
    const version = config.get('version');
    const port = config.get('port');
    await setImmediate(); // a reload may come here
    const hosts = config.get('hosts').join(' ');
    const { rate, burst } = config.getValue('limits');

    const isWhole =
      port === 8000 + version &&
      hosts === `a-${version}.example b-${version}.example` &&
      rate === version * 10 &&
      burst === version * 20;
    if (!isWhole) totals.add('mixed', 1);
    await withConfig((current) => {
      if (!current.equals(config)) totals.add('outdated', 1);
    });
    totals.add('reads', 1);
  });
}
