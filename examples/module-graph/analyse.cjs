// The questions asked of the module graph, over flat arrays of indices.
//
// A graph has `count` nodes and one edge from[i] -> to[i] per import; a negative `to[i]` is an import that
// leads to no node. Nodes are numbered in path order, so "ties by path order" is "the smaller index".
// Every algorithm is iterative: a graph with 10^6 nodes in one chain is only another graph. Plain
// CommonJS, without imports, so that jest can load it as it is; types are in analyse.d.cts.

'use strict';

/**
 * Outgoing edges as compressed rows: the distinct targets of node v, ascending, are
 * targets[starts[v]] to targets[starts[v + 1] - 1]. Imports of nothing and of oneself are left out.
 */
function compress(count, from, to) {
  const fill = new Int32Array(count + 1);
  for (let i = 0; i < from.length; i += 1) {
    if (to[i] >= 0 && to[i] !== from[i]) fill[from[i] + 1] += 1;
  }
  for (let v = 0; v < count; v += 1) fill[v + 1] += fill[v];
  const rows = fill.slice();
  const targets = new Int32Array(fill[count]);
  for (let i = 0; i < from.length; i += 1) {
    if (to[i] >= 0 && to[i] !== from[i]) targets[fill[from[i]]++] = to[i];
  }
  const starts = new Int32Array(count + 1);
  let used = 0;
  for (let v = 0; v < count; v += 1) {
    starts[v] = used;
    const row = targets.subarray(rows[v], rows[v + 1]).sort();
    for (let i = 0; i < row.length; i += 1) {
      if (i > 0 && row[i] === row[i - 1]) continue;
      targets[used++] = row[i];
    }
  }
  starts[count] = used;
  return { count, starts, targets: targets.slice(0, used) };
}

/** The `limit` nodes that most other nodes import: [node, importers], most first, ties by index. */
function mostImported({ count, targets }, limit) {
  const importers = new Int32Array(count);
  for (const target of targets) importers[target] += 1;
  const nodes = [];
  for (let v = 0; v < count; v += 1) if (importers[v] > 0) nodes.push(v);
  nodes.sort((a, b) => importers[b] - importers[a] || a - b);
  return nodes.slice(0, limit).map((node) => [node, importers[node]]);
}

/**
 * Strongly connected components (Tarjan): component[v] of each node. Numbers rise against the edges: an
 * edge that leaves a component leads to a smaller number.
 */
function connect({ count, starts, targets }) {
  const component = new Int32Array(count).fill(-1);
  const order = new Int32Array(count); // 0: not seen; else 1 + the time of the first visit
  const low = new Int32Array(count);
  const next = new Int32Array(count);
  const path = new Int32Array(count); // the nodes of the depth-first walk, root first
  const open = new Int32Array(count); // visited, component not known yet
  let openCount = 0;
  let clock = 0;
  let components = 0;
  for (let root = 0; root < count; root += 1) {
    if (order[root] !== 0) continue;
    let depth = 0;
    path[0] = root;
    while (depth >= 0) {
      const v = path[depth];
      if (order[v] === 0) {
        clock += 1;
        order[v] = clock;
        low[v] = clock;
        next[v] = starts[v];
        open[openCount++] = v;
      }
      let down = -1;
      while (next[v] < starts[v + 1]) {
        const w = targets[next[v]++];
        if (order[w] === 0) {
          down = w;
          break;
        }
        if (component[w] === -1 && order[w] < low[v]) low[v] = order[w];
      }
      if (down !== -1) {
        depth += 1;
        path[depth] = down;
        continue;
      }
      if (low[v] === order[v]) {
        let w;
        do {
          w = open[--openCount];
          component[w] = components;
        } while (w !== v);
        components += 1;
      }
      depth -= 1;
      if (depth >= 0) {
        const parent = path[depth];
        if (low[v] < low[parent]) low[parent] = low[v];
      }
    }
  }
  return { component, components };
}

/**
 * The members of each component, ascending, as compressed rows like those of `compress`.
 */
function membersOf(count, { component, components }) {
  const starts = new Int32Array(components + 1);
  for (let v = 0; v < count; v += 1) starts[component[v] + 1] += 1;
  for (let c = 0; c < components; c += 1) starts[c + 1] += starts[c];
  const fill = starts.slice();
  const nodes = new Int32Array(count);
  for (let v = 0; v < count; v += 1) nodes[fill[component[v]]++] = v;
  return { starts, nodes };
}

/** Components of more than one node, each ascending, in the order of their first nodes. */
function cycles(count, connected) {
  const { starts, nodes } = membersOf(count, connected);
  const found = [];
  for (let c = 0; c < connected.components; c += 1) {
    if (starts[c + 1] - starts[c] > 1)
      found.push(Array.from(nodes.subarray(starts[c], starts[c + 1])));
  }
  return found.sort((a, b) => a[0] - b[0]);
}

/**
 * The longest path over the condensation, where a component weighs its number of nodes. Of equally long
 * ones the one whose components' first nodes come first, compared from the start of the chain.
 * Returns the weight and the components along it, each as its ascending nodes.
 */
function longestChain(graph, connected) {
  const { count, starts: rows, targets } = graph;
  const { component, components } = connected;
  const { starts, nodes } = membersOf(count, connected);
  const weight = new Int32Array(components);
  const next = new Int32Array(components).fill(-1);
  let best = -1;
  // Components are numbered against the edges, so whatever c leads to has its answer already.
  for (let c = 0; c < components; c += 1) {
    let chosen = -1;
    for (let i = starts[c]; i < starts[c + 1]; i += 1) {
      const v = nodes[i];
      for (let j = rows[v]; j < rows[v + 1]; j += 1) {
        const d = component[targets[j]];
        if (d !== c && isBetter(d, chosen)) chosen = d;
      }
    }
    next[c] = chosen;
    weight[c] = starts[c + 1] - starts[c] + (chosen === -1 ? 0 : weight[chosen]);
    if (isBetter(c, best)) best = c;
  }
  const chain = [];
  for (let c = best; c !== -1; c = next[c]) {
    chain.push(Array.from(nodes.subarray(starts[c], starts[c + 1])));
  }
  return { weight: best === -1 ? 0 : weight[best], chain };

  function isBetter(c, than) {
    if (than === -1) return true;
    if (weight[c] !== weight[than]) return weight[c] > weight[than];
    return nodes[starts[c]] < nodes[starts[than]];
  }
}

/**
 * Every answer about a graph, as paths: the form in which answers of different threads are compared.
 * `unresolved` lists the positions of edges that were not resolved.
 */
function answerAll({ paths, from, to, specifiers, unresolvedCode, limit = 10 }) {
  const graph = compress(paths.length, from, to);
  const connected = connect(graph);
  const { weight, chain } = longestChain(graph, connected);
  const unresolved = [];
  for (let i = 0; i < from.length; i += 1) {
    if (to[i] === unresolvedCode) unresolved.push([from[i], specifiers[i]]);
  }
  unresolved.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0));
  const name = (node) => paths[node];
  return {
    mostImported: mostImported(graph, limit).map(([node, importers]) => [name(node), importers]),
    unresolved: unresolved.map(([node, specifier]) => [name(node), specifier]),
    components: connected.components,
    cycles: cycles(paths.length, connected).map((members) => members.map(name)),
    chainLength: weight,
    chain: chain.map((members) => members.map(name)),
  };
}

module.exports = { compress, mostImported, connect, cycles, longestChain, answerAll };
