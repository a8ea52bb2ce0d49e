// Runs the cases of a group, peers interleaved, in child processes.
//
// Why no library: mitata and tinybench time one candidate to its end before the next one starts, and
// all of them in one process. On a machine whose speed drifts the ratio of two such times means
// little, and a loop that has seen Map, MapRef and lmdb is megamorphic for all three. Here each round
// gives every peer one visit, in rotated order, each peer in a process of its own (child.mjs); a ratio
// is the median over the rounds of the two times taken side by side.
import { Children } from './children.mjs';
import { isQuick } from './data.mjs';
import { summarise } from './summary.mjs';

const ATTEMPTS = 3; // V8's shared structs crash now and then

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
      const outcomes = await visitAll(definition, children, rounds);
      results.push(...summarise(definition, outcomes, clock));
    }
  } finally {
    await children.end();
  }
  return results;
}

/** For each peer its visits, or why there are none: `{ peer, isFloor, visits, crashes, failure }`. */
async function visitAll(definition, children, rounds) {
  const { peers, floors = [], maxRounds = rounds } = definition;
  const outcomes = [...peers, ...floors].map((peer) => ({
    peer,
    isFloor: floors.includes(peer),
    isWarm: false,
    visits: [],
    crashes: 0,
    failure: undefined,
  }));
  for (let round = 0; round < Math.min(rounds, maxRounds); round++) {
    for (let turn = 0; turn < outcomes.length; turn++) {
      const outcome = outcomes[(turn + round) % outcomes.length];
      if (outcome.failure === undefined) await visit(definition, outcome, children);
    }
  }
  return outcomes;
}

/** A visit, tried again in a new process if the process ends in it. */
async function visit(definition, outcome, children) {
  const { name, fresh = false } = definition;
  const { peer } = outcome;
  for (let attempt = 1; ; attempt++) {
    try {
      if (fresh) await children.end(peer);
      else if (!outcome.isWarm && !isQuick) await children.ask(peer, { name, warm: true });
      outcome.isWarm = true;
      outcome.visits.push(await children.ask(peer, { name, warm: false }));
      if (fresh) await children.end(peer);
      return;
    } catch (error) {
      outcome.isWarm = false;
      if (error.isCrash) outcome.crashes += 1;
      if (error.isCrash && attempt < ATTEMPTS) continue;
      outcome.failure = error.isCrash ? `${error.message}, ${ATTEMPTS} times` : error.message;
      if (peer === definition.peers[0]) console.error(error);
      return;
    }
  }
}
