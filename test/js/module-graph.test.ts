// The graph algorithms of the demo (examples/module-graph): known answers, and random graphs against
// brute force. They are plain CommonJS over arrays; nothing here needs the heap.

import {
  answerAll,
  compress,
  connect,
  cycles,
  longestChain,
  mostImported,
} from '../../examples/module-graph/analyse.cjs';

type Edge = [from: number, to: number];

function graphOf(count: number, edges: Edge[]) {
  return compress(
    count,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
}

function chainOf(count: number, edges: Edge[]) {
  const graph = graphOf(count, edges);
  return longestChain(graph, connect(graph));
}

function cyclesOf(count: number, edges: Edge[]) {
  return cycles(count, connect(graphOf(count, edges)));
}

/** A small generator with a seed, so that a failure can be run again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** reaches[a][b]: is there a path, possibly empty, from a to b? */
function reachability(count: number, edges: Edge[]): boolean[][] {
  const reaches = Array.from({ length: count }, (_, a) =>
    Array.from({ length: count }, (_, b) => a === b),
  );
  for (const [from, to] of edges) if (to >= 0) reaches[from]![to] = true;
  for (let via = 0; via < count; via += 1) {
    for (let a = 0; a < count; a += 1) {
      for (let b = 0; b < count; b += 1) {
        if (reaches[a]![via] && reaches[via]![b]) reaches[a]![b] = true;
      }
    }
  }
  return reaches;
}

/** Every path over the condensation, one after the other: the heaviest, then the first by first nodes. */
function bruteForceChain(count: number, edges: Edge[]) {
  const reaches = reachability(count, edges);
  const members = (a: number) =>
    Array.from({ length: count }, (_, b) => b).filter((b) => reaches[a]![b] && reaches[b]![a]);
  const heads = Array.from({ length: count }, (_, a) => a).filter((a) => members(a)[0] === a);
  const headOf = (node: number) => members(node)[0]!;
  const next = new Map(heads.map((head) => [head, new Set<number>()]));
  for (const [from, to] of edges) {
    if (to >= 0 && headOf(from) !== headOf(to)) next.get(headOf(from))!.add(headOf(to));
  }
  let best: { weight: number; heads: number[] } = { weight: 0, heads: [] };
  const isBetter = (weight: number, path: number[]) => {
    if (weight !== best.weight) return weight > best.weight;
    const at = path.findIndex((head, i) => head !== best.heads[i]);
    return at !== -1 && path[at]! < (best.heads[at] ?? -1);
  };
  const walk = (path: number[], weight: number) => {
    if (isBetter(weight, path)) best = { weight, heads: [...path] };
    for (const head of next.get(path.at(-1)!)!)
      walk([...path, head], weight + members(head).length);
  };
  for (const head of heads) walk([head], members(head).length);
  return { weight: best.weight, chain: best.heads.map(members) };
}

function bruteForceCycles(count: number, edges: Edge[]): number[][] {
  const reaches = reachability(count, edges);
  const found: number[][] = [];
  for (let a = 0; a < count; a += 1) {
    const together = Array.from({ length: count }, (_, b) => b).filter(
      (b) => reaches[a]![b] && reaches[b]![a],
    );
    if (together.length > 1 && together[0] === a) found.push(together);
  }
  return found;
}

describe('compress', () => {
  test('keeps each target once, ascending, without self-imports and imports of nothing', () => {
    const graph = graphOf(4, [
      [2, 3],
      [2, 0],
      [2, 3],
      [2, 2],
      [0, -1],
      [3, 1],
    ]);
    expect(Array.from(graph.starts)).toEqual([0, 0, 0, 2, 3]);
    expect(Array.from(graph.targets)).toEqual([0, 3, 1]);
  });

  test('takes a graph without nodes or edges', () => {
    expect(chainOf(0, [])).toEqual({ weight: 0, chain: [] });
    expect(cyclesOf(3, [])).toEqual([]);
    expect(chainOf(3, [])).toEqual({ weight: 1, chain: [[0]] });
  });
});

describe('mostImported', () => {
  test('counts importers, not imports; ties by path order', () => {
    const graph = graphOf(5, [
      [0, 4],
      [1, 4],
      [0, 3],
      [0, 3],
      [2, 3],
      [3, 1],
      [1, 1],
    ]);
    expect(mostImported(graph, 10)).toEqual([
      [3, 2],
      [4, 2],
      [1, 1],
    ]);
    expect(mostImported(graph, 1)).toEqual([[3, 2]]);
  });
});

describe('components and chains', () => {
  test('two cycles joined by a bridge, and a tail', () => {
    const edges: Edge[] = [
      [0, 2],
      [2, 0],
      [2, 4],
      [4, 5],
      [5, 4],
      [5, 1],
    ];
    expect(cyclesOf(6, edges)).toEqual([
      [0, 2],
      [4, 5],
    ]);
    expect(chainOf(6, edges)).toEqual({ weight: 5, chain: [[0, 2], [4, 5], [1]] });
  });

  test('a component weighs its number of nodes', () => {
    // 0 -> 1 -> 2 is three components long, 3 -> {4, 5, 6} only two: but four nodes.
    const edges: Edge[] = [
      [0, 1],
      [1, 2],
      [3, 4],
      [4, 5],
      [5, 6],
      [6, 4],
    ];
    expect(chainOf(7, edges)).toEqual({ weight: 4, chain: [[3], [4, 5, 6]] });
  });

  test('ties go to the chain that comes first in path order', () => {
    const edges: Edge[] = [
      [5, 1],
      [4, 3],
      [4, 2],
      [0, 3],
    ];
    expect(chainOf(6, edges)).toEqual({ weight: 2, chain: [[0], [3]] });
  });

  test('a chain and a ring of 300,000 nodes need no stack', () => {
    const count = 300_000;
    const chain: Edge[] = Array.from({ length: count - 1 }, (_, i) => [i, i + 1]);
    expect(chainOf(count, chain).weight).toBe(count);
    const ring = cyclesOf(count, [...chain, [count - 1, 0]]);
    expect(ring).toHaveLength(1);
    expect(ring[0]).toHaveLength(count);
  });

  test.each(Array.from({ length: 300 }, (_, i) => i + 1))('random graph, seed %i', (seed) => {
    const random = randomFrom(seed);
    const count = 1 + random(9);
    const edges: Edge[] = Array.from({ length: random(count * 3) }, () => [
      random(count),
      random(count + 1) - 1,
    ]);
    expect(cyclesOf(count, edges)).toEqual(bruteForceCycles(count, edges));
    expect(chainOf(count, edges)).toEqual(bruteForceChain(count, edges));
  });
});

describe('answerAll', () => {
  test('names everything by its path', () => {
    const answers = answerAll({
      paths: ['/a', '/b', '/c'],
      from: [1, 0, 2, 1, 0],
      to: [0, 1, 0, -3, -1],
      specifiers: ['./a', './b', './a', 'missing', 'fs'],
      unresolvedCode: -3,
    });
    expect(answers).toEqual({
      mostImported: [
        ['/a', 2],
        ['/b', 1],
      ],
      unresolved: [['/b', 'missing']],
      components: 2,
      cycles: [['/a', '/b']],
      chainLength: 3,
      chain: [['/c'], ['/a', '/b']],
    });
  });
});
