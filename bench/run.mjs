// npm run bench [-- --case <name, prefix or group>] [--rounds <n>] [--clock cpu]
// NODE=/path/to/node measures another Node; --clock cpu counts only the time that the thread ran.
// Writes results.json and results.md beside this file. A bound that is missed is shown, never a
// failure; work that was not equal (checksums) is.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { runGroup } from './harness.mjs';
import { buildBareAddon } from './native/build.mjs';
import { resultsJson, resultsMarkdown } from './paths.mjs';
import { describeMachine, toMarkdown } from './report.mjs';

const GROUPS = ['map', 'cell', 'vector', 'document', 'worker', 'memory', 'churn'];

const { values: options } = parseArgs({
  options: {
    case: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    clock: { type: 'string', default: 'wall' },
  },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a number from 1 on');
const { clock } = options;
if (!['wall', 'cpu'].includes(clock)) throw new Error('--clock is wall or cpu');
const node = process.env.NODE || process.execPath;

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

const markdown = await toMarkdown({ machine, results });
process.stdout.write(`\n${markdown}\n`);
if (options.case === undefined) {
  fs.writeFileSync(resultsJson, `${JSON.stringify({ machine, seconds, results }, null, 1)}\n`);
  fs.writeFileSync(resultsMarkdown, markdown);
} else {
  console.log('results.json and results.md are written by whole runs only.');
}

for (const { name, checksums } of results) {
  if (checksums.equal) continue;
  console.error(`${name}: the peers did not do the same work: ${JSON.stringify(checksums.seen)}`);
  process.exitCode = 1;
}
console.log(`${seconds.toFixed(0)} s`);
