// How an import is written down, in the shared graph and in the plain one: four elements of a flat list.

import { createHash } from 'node:crypto';

/** Places of the elements of an edge, and their number. */
export const EDGE = { FROM: 0, TO: 1, KIND: 2, SPECIFIER: 3, SIZE: 4 };

/** How a module asks for another; the position in this list is what an edge holds. */
export const KINDS = ['import', 'dynamic', 'require', 'type'];

/** What `to` holds when an import leads to no module of the graph; a module's own index is 0 or more. */
export const TARGETS = { BUILTIN: -1, OUTSIDE: -2, UNRESOLVED: -3 };

/** A flat list of edges as one array per element that the algorithms need. */
export function splitEdges(flat) {
  const count = flat.length / EDGE.SIZE;
  const from = new Int32Array(count);
  const to = new Int32Array(count);
  const specifiers = new Array(count);
  for (let i = 0, at = 0; i < count; i += 1, at += EDGE.SIZE) {
    from[i] = flat[at + EDGE.FROM];
    to[i] = flat[at + EDGE.TO];
    specifiers[i] = flat[at + EDGE.SPECIFIER];
  }
  return { from, to, specifiers };
}

/** How many edges of a flat list lead where. */
export function countEdges(flat) {
  const counts = { all: flat.length / EDGE.SIZE, inside: 0, builtin: 0, outside: 0, unresolved: 0 };
  for (let at = 0; at < flat.length; at += EDGE.SIZE) {
    const to = flat[at + EDGE.TO];
    if (to >= 0) counts.inside += 1;
    else if (to === TARGETS.BUILTIN) counts.builtin += 1;
    else if (to === TARGETS.OUTSIDE) counts.outside += 1;
    else counts.unresolved += 1;
  }
  return counts;
}

/**
 * SHA-1 over all elements of all edges, module by module: equal digests mean the same edges, whatever
 * order the modules were finished in. The edges of one module are in the order of its lexers.
 */
export function digestEdges(flat) {
  const order = Array.from({ length: flat.length / EDGE.SIZE }, (_, i) => i * EDGE.SIZE);
  order.sort((a, b) => flat[a + EDGE.FROM] - flat[b + EDGE.FROM]);
  const hash = createHash('sha1');
  for (const at of order) hash.update(JSON.stringify(flat.slice(at, at + EDGE.SIZE)));
  return hash.digest('hex');
}
