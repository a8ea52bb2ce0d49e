// npm run example:http [-- --requests N --threads N]
//
// An HTTP server on worker threads that share a response cache and rate limits, under load. See README.md.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import autocannon from 'autocannon';
import { MapRef, NumberRef, heap } from 'shared-heap';
import { renderPage } from './page.mjs';
import { SharedLru } from './shared-lru.mjs';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '4000' },
    threads: { type: 'string', default: '2' },
  },
});
const threads = Number(options.threads);
const amount = Number(options.requests); // in each window
const limit = Math.ceil(amount / 5); // requests of a client in a window
const bound = 50; // entries of the cache
const pages = 200;
const clients = 8;
const windows = 2;

const before = heap.stats().objects;
const columns = await run();
const left = heap.stats().objects - before;
for (const what of Object.keys(columns[0])) {
  console.log(what.padEnd(36), ...columns.map((column) => String(column[what]).padStart(8)));
}
console.log('objects left in the heap'.padEnd(36), String(left).padStart(8));
for (const column of columns) {
  assert.equal(column.requests, amount);
  assert.equal(column.refused + column.served, column.requests);
  assert.equal(column['  from the cache'] + column['  rendered'], column.served);
  assert.equal(column.served, column['allowed by the limit']);
  assert.equal(column['wrong pages'], 0);
  assert.ok(column['largest cache'] <= bound);
  assert.equal(column['beyond the bound'], 0);
}
assert.equal(left, 0);

async function run() {
  const cache = SharedLru.create(bound);
  const requests = new MapRef();
  const totals = new MapRef();
  const ids = { cache: cache.ids, requests: requests.id, totals: totals.id };
  const workerData = { ...ids, limit, bound };
  const servers = Array.from(
    { length: threads },
    () => new Worker(new URL('server.mjs', import.meta.url), { workerData }),
  );
  try {
    const ports = await Promise.all(
      servers.map(async (server) => (await once(server, 'message'))[0]),
    );
    const columns = [];
    for (let window = 1; window <= windows; window += 1) {
      columns.push(await loadOnce(ports, { cache, requests, totals }));
      // A new window. A server does this by setInterval(() => requests.clear(), 60_000).
      requests.clear();
      totals.clear();
    }
    return columns;
  } finally {
    await Promise.all(servers.map((server) => server.terminate()));
    // No thread is left that borrows them.
    totals.drop();
    requests.drop();
    cache.drop();
  }
}

/** One window: what autocannon saw, and what the threads counted. */
async function loadOnce(ports, { cache, requests, totals }) {
  let largest = 0;
  const watch = setInterval(() => {
    largest = Math.max(largest, cache.size);
  }, 1);
  try {
    const load = createLoad();
    const { errors, timeouts, non2xx, ...seen } = await autocannon({
      url: ports.map((port) => `http://127.0.0.1:${port}`),
      connections: threads * 4,
      amount,
      requests: [load],
    });
    assert.deepEqual({ errors, timeouts }, { errors: 0, timeouts: 0 });
    assert.equal(non2xx, totals.get('refused') ?? 0);
    checkAtRest(cache);
    const perClient = [...requests.values()];
    return {
      requests: sum(perClient),
      refused: totals.get('refused') ?? 0,
      served: seen['2xx'],
      'allowed by the limit': sum(perClient.map((count) => Math.min(count, limit))),
      '  from the cache': totals.get('hits') ?? 0,
      '  rendered': totals.get('misses') ?? 0,
      'wrong pages': load.wrong,
      'largest cache': Math.max(largest, cache.size),
      'beyond the bound': totals.get('beyond the bound') ?? 0,
    };
  } finally {
    clearInterval(watch);
  }
}

/** While no thread uses the cache every entry can be evicted, and every other place is free. */
function checkAtRest(cache) {
  const { order, places } = cache.ids;
  assert.equal(new MapRef(order).size, cache.size);
  assert.equal(new NumberRef(places).obtainValue(), bound - cache.size);
}

/** Some pages and some clients come much more often than others. Every page that arrives is looked at. */
function createLoad() {
  const expected = new Map();
  const load = {
    wrong: 0,
    setupRequest(request, context) {
      context.path = `/${Math.floor(pages * Math.random() ** 3)}`;
      const client = `client-${Math.floor(clients * Math.random() ** 2)}`;
      return { ...request, path: context.path, headers: { 'x-api-key': client } };
    },
    onResponse(status, body, { path }) {
      if (!expected.has(path)) expected.set(path, renderPage(path));
      if (status === 200 && body !== expected.get(path)) load.wrong += 1;
    },
  };
  return load;
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
