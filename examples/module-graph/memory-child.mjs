// One side of the memory comparison, run by memory.mjs: `memory-child.mjs shared|cloned <file> <workers>`.
// The same file is the main thread and, started again as a worker, each of the threads. Threads and main
// load the same modules in both modes; the number that counts is the growth of PSS.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { deserialize } from 'node:v8';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { answerAll } from './analyse.cjs';
import { Crew } from './crew.mjs';
import { splitEdges, TARGETS } from './edges.mjs';
import { createDigest, readSource } from './files.mjs';
import { queryGraph, inspectGraph } from './query.mjs';
import * as store from './store.mjs';

if (isMainThread) {
  const [mode, file, workers] = process.argv.slice(2);
  const result = await measure(mode, file, Number(workers));
  process.send(result, () => process.disconnect());
} else {
  serve();
}

async function measure(mode, file, workers) {
  const crew = new Crew(fileURLToPath(import.meta.url), workers, { mode });
  await crew.askAll({ job: 'settle' });
  await settle();
  const objects = store.liveObjects();
  const before = readPss();
  const { replies, release } = await (mode === 'shared' ? share(file, crew) : clone(file, crew));
  await crew.askAll({ job: 'settle' });
  await settle();
  const after = readPss();
  await crew.end();
  const problems = store.findProblems();
  release();
  return {
    before,
    after,
    answers: replies.map((reply) => reply.answers),
    digests: replies.map((reply) => reply.digest),
    leftOver: store.liveObjects() - objects,
    problems,
  };
}

// In both, the threads are asked in turn: clones under way at the same time, or answers computed at the
// same time, would need memory that nobody keeps.

async function share(file, crew) {
  const graph = buildShared(file);
  const replies = await crew.askInTurn({ job: 'answer', graph: store.idsOf(graph) });
  store.trimHeap();
  return { replies, release: () => store.dropGraph(graph) };
}

/** The main thread's own graph is garbage when this returns: what is measured is one copy per thread. */
async function clone(file, crew) {
  const replies = await crew.askInTurn({ job: 'answer', graph: buildPlain(file) });
  return { replies, release: () => {} };
}

function load(file) {
  return deserialize(readFileSync(file));
}

function buildShared(file) {
  const { modules, edges } = load(file);
  const graph = store.createGraph(modules.map((module) => module.path));
  for (const module of modules) {
    const { source } = readSource(module.path);
    store.fillModule(graph, module.path, { ...module, source }, []);
  }
  store.addEdges(graph, edges);
  return graph;
}

function buildPlain(file) {
  const { modules, edges } = load(file);
  const filled = modules.map((module) => [
    module.path,
    { ...module, source: readSource(module.path).source },
  ]);
  return { modules: new Map(filled), edges };
}

function serve() {
  // What this thread keeps: a handful of refs, or a whole graph.
  let kept;
  parentPort.on('message', async ({ job, graph }) => {
    if (job === 'settle') {
      await settle();
      parentPort.postMessage({ kept: kept !== undefined });
    } else {
      kept = workerData.mode === 'shared' ? store.attachGraph(graph) : graph;
      parentPort.postMessage(workerData.mode === 'shared' ? askShared(kept) : askPlain(kept));
    }
  });
}

function askShared(graph) {
  return { answers: queryGraph(graph).answers, digest: inspectGraph(graph).sources };
}

function askPlain({ modules, edges }) {
  const digest = createDigest();
  for (const { path, source } of modules.values()) digest.add(path, source);
  const answers = answerAll({
    paths: [...modules.keys()],
    ...splitEdges(edges),
    unresolvedCode: TARGETS.UNRESOLVED,
  });
  return { answers, digest: digest.value() };
}

/** Lets finalizers and freed pages go: several collections with turns of the event loop between. */
async function settle() {
  for (let i = 0; i < 4; i += 1) {
    globalThis.gc();
    await sleep(20);
  }
}

/** Proportional set size of this process, in bytes. */
function readPss() {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'));
  return Number(kilobytes) * 1024;
}
