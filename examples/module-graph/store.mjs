// The module graph as it lies in the shared heap. Everything this example does with shared-heap is here.
//
//   modules  MapRef     path -> Module struct; inserted in path order, so iteration yields path order
//   edges    VectorRef  flat, four elements an import (see edges.mjs)
//   work     QueueRef   paths nobody has taken yet; closed when there are no more
//   done     NumberRef  modules finished, for the progress bar
//
// Ownership: the main thread makes the four containers and is the only one to drop them. Structs and
// sources are moved into their containers, which hold them alone: when a container goes, they go.
// Workers attach by id and only borrow: while they work nothing is taken out of `modules` or `edges`.

import {
  MapRef,
  NumberRef,
  QueueRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
} from 'shared-heap';
import { EDGE, splitEdges } from './edges.mjs';

/** One source file. `refused` is '' or why it has no imports; `source` is its text. */
const Module = new StructFactory({
  index: 'number',
  path: 'string',
  bytes: 'number',
  exports: 'number',
  refused: 'string',
  source: StringRef,
});

/** Elements pushed in one call: whole edges, and no more than the heap adds in one step. */
const PUSH_LIMIT = 256 * EDGE.SIZE;

/** Paths that wait to be taken: enough that no worker waits for the main thread. */
const WORK_AHEAD = 256;

/**
 * An unfilled graph: every module is there, none has been read.
 *
 * @param {string[]} paths in path order
 */
export function createGraph(paths) {
  const modules = new MapRef();
  const records = Module.newMany(paths.map((path, index) => ({ index, path })));
  modules.setMany(paths.map((path, index) => [path, records[index].move()]));
  return {
    modules,
    edges: new VectorRef(),
    work: QueueRef.withCapacity(WORK_AHEAD),
    done: new NumberRef(),
  };
}

/** What a worker needs to find the graph: four numbers. */
export function idsOf({ modules, edges, work, done }) {
  return { modules: modules.id, edges: edges.id, work: work.id, done: done.id };
}

export function attachGraph(ids) {
  return {
    modules: new MapRef(ids.modules),
    edges: new VectorRef(ids.edges),
    work: new QueueRef(ids.work),
    done: new NumberRef(ids.done),
  };
}

/** Hands the paths out to whoever asks for them; resolves when the last one has been put on the list. */
export async function handOut(graph, paths) {
  for (const path of paths) await graph.work.pushAsync(path);
  endWork(graph);
}

/** There is no more work: takePaths() ends when the list is empty, handOut() at once. */
export function endWork(graph) {
  graph.work.close();
}

/** Paths of modules that are nobody else's, until there is no more work. Waits for them, blocking its thread. */
export function takePaths(graph) {
  return graph.work[Symbol.iterator]();
}

/** The index of the module at `path`, or undefined if the graph has none. */
export function indexOf(graph, path) {
  return graph.modules.get(path)?.index;
}

/**
 * Stores what was found in a file. `edges` is flat as in the graph. Edges of one call stay together in
 * groups of EDGE.SIZE, because a push is one operation whatever others push meanwhile.
 */
export function fillModule(graph, path, { source, bytes, exports, refused }, edges) {
  const module = graph.modules.get(path);
  module.source = StringRef.from(source).move();
  module.bytes = bytes;
  module.exports = exports;
  module.refused = refused;
  addEdges(graph, edges);
}

/** Edges, flat, added by whoever likes: the next reader sees them. */
export function addEdges(graph, edges) {
  for (let i = 0; i < edges.length; i += PUSH_LIMIT) {
    graph.edges.push(...edges.slice(i, i + PUSH_LIMIT));
  }
}

/**
 * Paths and edges as flat arrays, read anew from the heap at every call: one bulk read for the edges, one
 * walk for the modules. These arrays are the thread's own, for the time of a query.
 */
export function readArrays(graph) {
  const paths = [];
  for (const [path, module] of graph.modules) paths[module.index] = path;
  return { paths, ...splitEdges(readEdges(graph)) };
}

/** A copy of all edges, flat. */
export function readEdges(graph) {
  return graph.edges.obtainValue();
}

/** Every text of the graph in path order, one at a time. */
export function* readSources(graph) {
  for (const [path, module] of graph.modules) yield [path, module.source.obtainValue()];
}

/** What the table says about the modules. */
export function summarise(graph) {
  const summary = { files: 0, bytes: 0, exports: 0, refused: [] };
  for (const [path, module] of graph.modules) {
    summary.files += 1;
    summary.bytes += module.bytes;
    summary.exports += module.exports;
    if (module.refused !== '') summary.refused.push([path, module.refused]);
  }
  return summary;
}

export function finishedModules(graph) {
  return graph.done.obtainValue();
}

export function countFinished(graph) {
  graph.done.add(1);
}

/** The containers go, and with them every struct, source and key in them. */
export function dropGraph({ modules, edges, work, done }) {
  for (const ref of [modules, edges, work, done]) ref.drop();
}

/** Objects of any type that are alive in the heap, of this program or of another part of the process. */
export function liveObjects() {
  return heap.stats().objects;
}

export function liveBytes() {
  return heap.stats().liveBytes;
}

/** Walks the whole heap: what is wrong with it, normally nothing. */
export function findProblems() {
  const { ok, problems } = heap.verify();
  return ok ? [] : ['heap.verify() is not ok', ...problems];
}

/** Returns freed memory to the operating system. */
export function trimHeap() {
  heap.trim();
}
