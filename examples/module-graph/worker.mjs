// A worker thread of the demo. It is given four ids and, later, the name of a job; results of `build` go
// into the shared heap and not into the reply. `query` replies with answers, `inspect` with facts.

import { parentPort, workerData } from 'node:worker_threads';
import { TARGETS } from './edges.mjs';
import { readSource } from './files.mjs';
import { findImports, loadLexers } from './imports.mjs';
import { queryGraph, inspectGraph } from './query.mjs';
import { createResolver } from './resolve.mjs';
import { attachGraph, countFinished, fillModule, indexOf, takePaths } from './store.mjs';

const graph = attachGraph(workerData.ids);

const jobs = {
  async build() {
    await loadLexers();
    const resolve = createResolver();
    let files = 0;
    for (const path of takePaths(graph)) {
      addModule(path, resolve);
      countFinished(graph);
      files += 1;
    }
    return { files };
  },
  query: () => queryGraph(graph),
  inspect: () => inspectGraph(graph),
};

function addModule(path, resolve) {
  const { source, bytes, failed } = readSource(path);
  const { requests, exports, refused } = findImports(source, path);
  const from = indexOf(graph, path);
  const edges = [];
  for (const { kind, specifier } of requests) {
    const target = resolve(path, specifier, kind);
    const to = typeof target === 'number' ? target : (indexOf(graph, target) ?? TARGETS.OUTSIDE);
    edges.push(from, to, kind, specifier);
  }
  fillModule(graph, path, { source, bytes, exports, refused: failed || refused }, edges);
}

parentPort.on('message', async (job) => {
  parentPort.postMessage(await jobs[job]());
});
