// Runs the cases of a group, peers interleaved, in child processes.
//
// Why no library: mitata and tinybench time one candidate to its end before the next one starts, and
// all of them in one process. On a machine whose speed drifts the ratio of two such times means
// little, and a loop that has seen Map, MapRef and lmdb is megamorphic for all three. Here each round
// gives every peer one visit, in rotated order, each peer in a process of its own (child.mjs); a ratio
// is the median over the rounds of the two times taken side by side.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { childFile } from './paths.mjs';

/**
 * `node` is the binary to measure with; `clock` is 'wall', or 'cpu' for the time that the thread ran
 * (on a busy machine).
 */
export async function runGroup({ group, cases, rounds, node, clock, progress }) {
  const results = [];
  const children = new Children(group, node);
  try {
    for (const definition of cases) {
      progress(definition.name);
      results.push(await runCase(definition, children, { rounds, clock }));
    }
  } finally {
    await children.end();
  }
  return results;
}

async function runCase(definition, children, { rounds, clock }) {
  const { name, title, unit = 'ns', floors = [], fresh = false } = definition;
  const peers = [...definition.peers, ...floors];
  const count = Math.min(rounds, definition.maxRounds ?? rounds);
  const visits = Object.fromEntries(peers.map((peer) => [peer, []]));
  if (!fresh) {
    for (const peer of peers) await children.ask(peer, { name, warm: true });
  }
  for (let round = 0; round < count; round++) {
    for (let turn = 0; turn < peers.length; turn++) {
      const peer = peers[(turn + round) % peers.length];
      if (fresh) await children.end(peer);
      const reply = await children.ask(peer, { name, warm: false });
      visits[peer].push({ ...reply, value: reply.value ?? reply[definition.clock ?? clock] });
      if (fresh) await children.end(peer);
    }
  }
  const [subject] = peers;
  const rows = peers.map((peer) => ({
    peer,
    isFloor: floors.includes(peer),
    ...spread(visits[peer].map(({ value }) => value)),
    // How many times longer (or more) the subject takes than this peer.
    ratio: spread(visits[peer].map(({ value }, round) => visits[subject][round].value / value)),
    detail: visits[peer].at(-1).detail,
  }));
  const bounds = (definition.bounds ?? []).map((bound) => judge(bound, rows));
  return { name, title, unit, rounds: count, rows, bounds, checksums: compare(definition, visits) };
}

/** Whether a bound is reached: `{ peer, atMost | atLeast }` on a ratio, `{ atMost }` on the value. */
function judge(bound, rows) {
  const [subject] = rows;
  if (bound.peer === undefined) {
    return { ...bound, value: subject.median, reached: subject.median <= bound.atMost };
  }
  const { ratio } = rows.find(({ peer }) => peer === bound.peer);
  return bound.atMost !== undefined
    ? { ...bound, value: ratio.median, reached: ratio.median <= bound.atMost }
    : { ...bound, value: 1 / ratio.median, reached: 1 / ratio.median >= bound.atLeast };
}

/** Equal work gives equal checksums, in every round and with every peer but the floors. */
function compare({ peers }, visits) {
  const seen = {};
  for (const peer of peers) {
    const sums = new Set(visits[peer].map(({ checksum }) => checksum ?? ''));
    seen[peer] = [...sums].join(' and ');
  }
  return { equal: new Set(Object.values(seen)).size === 1, seen };
}

function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), samples: values };
}

/** The processes of a group's peers, started when first asked. Only one works at any time. */
class Children {
  #group;
  #node;
  #running = new Map();

  constructor(group, node) {
    this.#group = group;
    this.#node = node;
  }

  async ask(peer, request) {
    if (!this.#running.has(peer)) this.#running.set(peer, await this.#start(peer));
    const child = this.#running.get(peer);
    child.send(request);
    return this.#reply(child, peer, request.name);
  }

  async #start(peer) {
    const child = fork(childFile, [this.#group, peer], {
      execPath: this.#node,
      execArgv: ['--expose-gc', '--no-warnings'],
    });
    await this.#reply(child, peer, 'start');
    return child;
  }

  async #reply(child, peer, what) {
    const abort = new AbortController();
    const { signal } = abort;
    const failed = once(child, 'exit', { signal }).then(([code, killer]) => {
      throw new Error(`${peer}, ${what}: its process ended with ${killer ?? code}`);
    });
    try {
      const [reply] = await Promise.race([once(child, 'message', { signal }), failed]);
      if (reply.error) throw new Error(`${peer}, ${what}: ${reply.error}`);
      return reply;
    } finally {
      failed.catch(() => {});
      abort.abort();
    }
  }

  /** Ends one peer's process, or all. */
  async end(peer) {
    const ending = [...this.#running].filter(([name]) => peer === undefined || name === peer);
    for (const [name, child] of ending) {
      this.#running.delete(name);
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.send({}); // nothing more to do
      await gone;
    }
  }
}
