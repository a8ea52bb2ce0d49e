// npm run bench [-- --case <name, prefix or group>] [--rounds <n>] [--clock cpu]
// NODE=/path/to/node measures another Node; --clock cpu counts only the time that the thread ran.
// A whole run writes its part of results.json, results.md and results.svg beside this file, or into
// the folder of --out. --quick does a thousandth of the work, once: a test that all of it runs.
// A bound that is missed is shown, never a failure; work that was not equal (checksums) is.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { wantedNode } from './wanted-node.mjs';

const GROUPS = [
  ...['number', 'struct', 'string', 'text', 'vector', 'map', 'objectbuffer', 'ingest', 'document'],
  ...['worker', 'threads', 'coordinate', 'memory', 'growth', 'gc', 'churn'],
];

const { values: options } = parseArgs({
  options: {
    case: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    clock: { type: 'string', default: 'wall' },
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const rounds = options.quick ? 1 : Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1 on');
const { clock } = options;
if (!['wall', 'cpu'].includes(clock)) throw new Error('--clock is wall or cpu');
const node = wantedNode();
if (options.quick) process.env.BENCH_QUICK = '1'; // read by data.mjs, here and in every process

const { runGroup } = await import('./harness.mjs');
const { describeMachine } = await import('./machine.mjs');
const { toMarkdown } = await import('./markdown.mjs');
const { buildBareAddon } = await import('./native/build.mjs');
const { writeResults } = await import('./results.mjs');

const isWanted = (group, name) =>
  [undefined, group, name].includes(options.case) || name.startsWith(`${options.case}.`);

const plan = [];
for (const group of GROUPS) {
  const { default: all } = await import(`./cases/${group}.mjs`);
  const cases = all.filter(({ name }) => isWanted(group, name));
  if (cases.length > 0) plan.push({ group, cases });
}
if (plan.length === 0) throw new Error(`no case ${options.case}`);

buildBareAddon();
const machine = describeMachine(node, { rounds, clock });
const start = performance.now();
const progress = (name) => {
  const seconds = ((performance.now() - start) / 1000).toFixed(0).padStart(4);
  process.stderr.write(`${seconds} s  ${name}\n`);
};

const results = [];
for (const { group, cases } of plan) {
  results.push(...(await runGroup({ group, cases, rounds, node, clock, progress })));
}
const seconds = (performance.now() - start) / 1000;
const run = { machine, seconds, results };

process.stdout.write(`\n${toMarkdown([run])}\n`);
const isWhole = options.case === undefined && !options.quick;
if (isWhole || options.out !== undefined) writeResults(options.out ?? import.meta.dirname, run);
else console.log('The results are written by whole runs only, or with --out.');

for (const { name, checksums, rows } of results) {
  const [{ failure }] = rows;
  if (failure !== undefined) complain(`${name}: ${failure}`);
  else if (!checksums.equal) complain(`${name}: not the same: ${JSON.stringify(checksums.seen)}`);
}
console.log(`${seconds.toFixed(0)} s`);

function complain(problem) {
  console.error(problem);
  process.exitCode = 1;
}
