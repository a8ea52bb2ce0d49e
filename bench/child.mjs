// One peer with the cases of one group, in a process of its own: no peer's types, garbage or code
// reach another's, and every loop stays monomorphic. Started by harness.mjs; works on request.
//
// A timed case is an object with these functions, all but `setup` and `run` optional:
//   setup(peer)      the state that the others get
//   before, after    around each pass, not timed
//   run              the pass, timed; what it returns is checked
//   check            not timed, after the last pass of a visit (one turn of this peer in a round)
//   teardown         when all rounds of the case are over
// A measured case has `measure` instead, called with the peer, or with the state if it has a setup; it
// returns `{ value, detail, checksum }` or, of a case with several figures, their `values` by name.
import { createRequire } from 'node:module';
import process from 'node:process';
import { isQuick } from './data.mjs';
import { bareAddon } from './native/build.mjs';

const TIMED_NS = isQuick ? 0 : 50e6; // a visit times about this much
const WARM_NS = 100e6;
const MOST_PASSES = 12;

const { threadTime } = createRequire(import.meta.url)(bareAddon);
const [groupName, peerName] = process.argv.slice(2);
const { default: cases } = await import(`./cases/${groupName}.mjs`);
let peer;

let open; // the case at hand and its state

async function stateOf(definition) {
  if (open?.definition === definition) return open.state;
  await close();
  open = { definition, state: await definition.setup(peer) };
  return open.state;
}

async function close() {
  if (open !== undefined) await open.definition.teardown?.(open.state);
  open = undefined;
}

async function pass(definition, state) {
  await definition.before?.(state);
  const ran = threadTime();
  const start = process.hrtime.bigint();
  let sum = definition.run(state);
  if (sum instanceof Promise) sum = await sum;
  const wall = Number(process.hrtime.bigint() - start);
  return { wall, cpu: threadTime() - ran, sum };
}

/** As many passes as fill the time of a visit. */
async function visit(definition, warm) {
  const state = await stateOf(definition);
  globalThis.gc();
  const done = [];
  let total = 0;
  let checked;
  for (let isLast = false; !isLast;) {
    done.push(await pass(definition, state));
    total += done.at(-1).wall;
    isLast =
      total >= (warm ? WARM_NS : TIMED_NS) || done.length >= (definition.maxPasses ?? MOST_PASSES);
    if (isLast) checked = await definition.check?.(state);
    definition.after?.(state);
  }
  const sums = new Set(done.map(({ sum }) => sum));
  return {
    wall: median(done.map(({ wall }) => wall)) / definition.ops,
    cpu: median(done.map(({ cpu }) => cpu)) / definition.ops,
    checksum: `${[...sums].join('|')}:${checked ?? ''}`,
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function answer({ name, warm }) {
  const definition = cases.find((candidate) => candidate.name === name);
  if (!definition.measure) return visit(definition, warm);
  return definition.measure(definition.setup ? await stateOf(definition) : peer);
}

/** Answers with what `work` returns; what is thrown is an answer too, and not the end. */
async function send(work) {
  try {
    process.send(await work());
  } catch (error) {
    process.send({ error: String(error).split('\n')[0], stack: error.stack });
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', async (request) => {
  if (request.name !== undefined) {
    await send(() => answer(request));
    return;
  }
  try {
    await close();
  } finally {
    process.exit(0);
  }
});
await send(async () => {
  peer = { name: peerName, ...(await import(`./peers/${peerName}.mjs`)) };
  return { ready: true };
});
