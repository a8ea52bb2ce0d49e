/** Outgoing edges as compressed rows: node v leads to targets[starts[v]] .. targets[starts[v + 1] - 1]. */
export interface Graph {
  count: number;
  starts: Int32Array;
  targets: Int32Array;
}

export interface Connected {
  component: Int32Array;
  components: number;
}

export interface Answers {
  mostImported: [path: string, importers: number][];
  unresolved: [path: string, specifier: string][];
  components: number;
  cycles: string[][];
  chainLength: number;
  chain: string[][];
}

export function compress(count: number, from: ArrayLike<number>, to: ArrayLike<number>): Graph;
export function mostImported(graph: Graph, limit: number): [node: number, importers: number][];
export function connect(graph: Graph): Connected;
export function cycles(count: number, connected: Connected): number[][];
export function longestChain(
  graph: Graph,
  connected: Connected,
): { weight: number; chain: number[][] };
export function answerAll(input: {
  paths: string[];
  from: ArrayLike<number>;
  to: ArrayLike<number>;
  specifiers: string[];
  unresolvedCode: number;
  limit?: number;
}): Answers;
