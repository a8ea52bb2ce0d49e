// The same job in one thread, with plain objects: the answers that everything else is checked against.
//
// It shares the lexers, the resolver and the file list with the workers (they are the input of the job),
// and nothing of what is under test: not the shared heap, not the worker code, and not the algorithms of
// analyse.cjs. Components come from Kosaraju's two walks instead of Tarjan's one, the longest chain from
// peeling off sinks instead of from component numbers.

import { EDGE, TARGETS } from './edges.mjs';
import { createDigest, readSource } from './files.mjs';
import { findImports } from './imports.mjs';

/**
 * @param {string[]} paths in path order
 * @param {(importer: string, specifier: string, kind: number) => string | number} resolve
 * @param {(done: number) => void} progress
 * @returns a plain graph without its texts: `modules` from path to module, `edges` flat as in edges.mjs,
 *   and the digest of the texts, so that this thread need not keep them
 */
export function buildPlainGraph(paths, resolve, progress = () => {}) {
  const modules = new Map();
  for (const [index, path] of paths.entries()) {
    modules.set(path, { index, path, bytes: 0, exports: 0, refused: '' });
  }
  const edges = [];
  const digest = createDigest();
  let done = 0;
  for (const module of modules.values()) {
    const { source, bytes, failed } = readSource(module.path);
    const { requests, exports, refused } = findImports(source, module.path);
    Object.assign(module, { bytes, exports, refused: failed || refused });
    digest.add(module.path, source);
    for (const { kind, specifier } of requests) {
      const target = resolve(module.path, specifier, kind);
      const to =
        typeof target === 'number' ? target : (modules.get(target)?.index ?? TARGETS.OUTSIDE);
      edges.push(module.index, to, kind, specifier);
    }
    done += 1;
    if (done % 64 === 0) progress(done);
  }
  return { modules, edges, digest: digest.value() };
}

/** The answers about a plain graph, in the form of `answerAll` of analyse.cjs. */
export function answerPlainly({ modules, edges }, limit = 10) {
  const list = [...modules.values()];
  const imports = new Map(list.map((module) => [module, new Set()]));
  const importers = new Map(list.map((module) => [module, new Set()]));
  const unresolved = [];
  for (let at = 0; at < edges.length; at += EDGE.SIZE) {
    const from = list[edges[at + EDGE.FROM]];
    if (edges[at + EDGE.TO] === TARGETS.UNRESOLVED) {
      unresolved.push([from.path, edges[at + EDGE.SPECIFIER]]);
    }
    const to = list[edges[at + EDGE.TO]];
    if (to === undefined || to === from) continue;
    imports.get(from).add(to);
    importers.get(to).add(from);
  }
  const components = componentsByKosaraju(list, imports, importers);
  const { weight, chain } = longestChainByPeeling(components, imports);
  const pathsOf = (component) => component.map((module) => module.path);
  return {
    mostImported: list
      .map((module) => [module.path, importers.get(module).size])
      .filter(([, count]) => count > 0)
      .sort((a, b) => b[1] - a[1] || compare(a[0], b[0]))
      .slice(0, limit),
    unresolved: unresolved.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1])),
    components: components.length,
    cycles: components
      .filter((component) => component.length > 1)
      .map(pathsOf)
      .sort((a, b) => compare(a[0], b[0])),
    chainLength: weight,
    chain: chain.map(pathsOf),
  };
}

function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Components as arrays of modules in path order. */
function componentsByKosaraju(list, imports, importers) {
  const seen = new Set();
  const finished = [];
  for (const root of list) {
    if (seen.has(root)) continue;
    seen.add(root);
    const walk = [[root, imports.get(root).values()]];
    while (walk.length > 0) {
      const [module, rest] = walk[walk.length - 1];
      const { value, done } = rest.next();
      if (done) {
        finished.push(module);
        walk.pop();
      } else if (!seen.has(value)) {
        seen.add(value);
        walk.push([value, imports.get(value).values()]);
      }
    }
  }
  const placed = new Set();
  const components = [];
  for (const root of finished.reverse()) {
    if (placed.has(root)) continue;
    placed.add(root);
    const component = [root];
    for (const module of component) {
      for (const importer of importers.get(module)) {
        if (placed.has(importer)) continue;
        placed.add(importer);
        component.push(importer);
      }
    }
    components.push(component.sort((a, b) => compare(a.path, b.path)));
  }
  return components;
}

/** Longest path over the condensation, decided from the sinks upwards (Kahn). */
function longestChainByPeeling(components, imports) {
  const home = new Map();
  for (const component of components) for (const module of component) home.set(module, component);
  const successors = new Map(components.map((component) => [component, new Set()]));
  const predecessors = new Map(components.map((component) => [component, new Set()]));
  for (const [module, targets] of imports) {
    for (const target of targets) {
      const from = home.get(module);
      const to = home.get(target);
      if (from === to) continue;
      successors.get(from).add(to);
      predecessors.get(to).add(from);
    }
  }
  const weight = new Map();
  const next = new Map();
  const better = (a, b) =>
    b === undefined ||
    weight.get(a) > weight.get(b) ||
    (weight.get(a) === weight.get(b) && compare(a[0].path, b[0].path) < 0);
  const waiting = new Map(
    components.map((component) => [component, successors.get(component).size]),
  );
  const ready = components.filter((component) => waiting.get(component) === 0);
  let best;
  for (const component of ready) {
    let chosen;
    for (const successor of successors.get(component)) {
      if (better(successor, chosen)) chosen = successor;
    }
    next.set(component, chosen);
    weight.set(component, component.length + (chosen === undefined ? 0 : weight.get(chosen)));
    if (better(component, best)) best = component;
    for (const predecessor of predecessors.get(component)) {
      const left = waiting.get(predecessor) - 1;
      waiting.set(predecessor, left);
      if (left === 0) ready.push(predecessor);
    }
  }
  const chain = [];
  for (let at = best; at !== undefined; at = next.get(at)) chain.push(at);
  return { weight: best === undefined ? 0 : weight.get(best), chain };
}
