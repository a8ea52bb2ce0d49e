// The questions, asked of the shared graph from whatever thread calls this. Nothing of the graph has come
// to that thread in a message: it has the ids, and reads.

import { answerAll } from './analyse.cjs';
import { digestEdges, TARGETS } from './edges.mjs';
import { createDigest } from './files.mjs';
import { readArrays, readEdges, readSources, summarise } from './store.mjs';

/** The answers in the form of the reference, and how long reading and computing took, in ms. */
export function queryGraph(graph) {
  const start = performance.now();
  const arrays = readArrays(graph);
  const read = performance.now();
  const answers = answerAll({ ...arrays, unresolvedCode: TARGETS.UNRESOLVED });
  const end = performance.now();
  return { answers, readTime: read - start, answerTime: end - read };
}

/** The facts of all modules and digests of all texts and edges. */
export function inspectGraph(graph) {
  const digest = createDigest();
  for (const [path, source] of readSources(graph)) digest.add(path, source);
  return {
    summary: summarise(graph),
    sources: digest.value(),
    edges: digestEdges(readEdges(graph)),
  };
}
