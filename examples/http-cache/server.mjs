// A worker thread with an HTTP server. Cache, limits and totals are those of all threads.

import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { MapRef } from 'shared-heap';
import { renderPage } from './page.mjs';
import { SharedLru } from './shared-lru.mjs';

const { limit, bound } = workerData;
const cache = SharedLru.attach(workerData.cache);
const requests = new MapRef(workerData.requests); // client -> its requests in this window
const totals = new MapRef(workerData.totals);

const server = createServer((request, response) => {
  const client = request.headers['x-api-key'] ?? request.socket.remoteAddress;
  // add() returns the number before: exactly `limit` requests see less than the limit.
  if (requests.add(client, 1) >= limit) {
    totals.add('refused', 1);
    response.writeHead(429).end();
    return;
  }
  response.setHeader('content-type', 'text/html').end(pageOf(request.url));
});

function pageOf(path) {
  const cached = cache.get(path);
  if (cached !== undefined) {
    totals.add('hits', 1);
    return cached;
  }
  totals.add('misses', 1);
  const page = renderPage(path);
  cache.add(path, page);
  if (cache.size > bound) totals.add('beyond the bound', 1);
  return page;
}

server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
