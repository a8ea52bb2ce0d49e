// `npm run test:runtimes`: the tests of the public API, those with worker threads, the demo and a program with `using`
// on every runtime that the package supports. Writes the table in README.md, and the list of known differences in
// docs/runtimes.md, when it has run all of them.
//
//   node scripts/runtimes.mjs [--quick] [node-20 node-22 node-24 node-26 bun deno ...]
//
// Some 12 minutes on two cores. `--quick` is for CI: Node 20, 24 and 26 unless others are named, and of the test files
// those in `QUICK`, which run every public class and function, and workers; three minutes.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import prettier from 'prettier';
import { NODE_MAJORS, bunBinary, denoBinary, nodeBinary } from './engines.mjs';
import { DIFFERENCES, LEFT_OUT } from './runtime-differences.mjs';
import { BuildError, root, run, runMain, withTempDir } from './support.mjs';

const runtimes = [
  ...NODE_MAJORS.map((major) => ({
    key: `node-${major}`,
    name: 'Node.js',
    find: async () => [await nodeBinary(major)],
    hasUsing: major >= 24,
  })),
  { key: 'bun', name: 'Bun', find: async () => [await bunBinary()], hasUsing: true },
  {
    key: 'deno',
    name: 'Deno',
    find: async () => [await denoBinary(), 'run', '--allow-all', '--no-lock'],
    hasUsing: true,
  },
];

const QUICK_RUNTIMES = ['node-20', 'node-24', 'node-26'];
const QUICK = [
  ...['bad-input', 'buffer', 'fast-calls', 'inspect-json', 'iterators', 'map', 'matrix', 'modules'],
  ...['names', 'share-obtain', 'string-number', 'struct', 'vector', 'view', 'sharing'],
];

const SUITES = { API: ['js', 'fuzz'], workers: ['workers'] };
const FILE_LIMIT_MS = 400_000;
const DEMO_FOLDER = 'node_modules/@jest';

const filesOf = (suite) =>
  SUITES[suite].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, 'test', folder))
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${folder}/${name}`),
  );

/** Runs a program, killed with all that it started after the limit; what it printed, and how it ended. */
function execute([command, ...args], limitMs) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      detached: true, // a group of its own
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    const kill = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // all of it has ended
      }
    };
    const timer = setTimeout(kill, limitMs);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      kill(); // what it has left running
      resolve({ output, end: code ?? signal });
    });
  });
}

/** Tests of a file that are known to differ on a runtime. */
const differencesOf = (key, file) =>
  DIFFERENCES.filter(
    (known) => known.runtimes.includes(key) && file === `test/${known.file}.test.ts`,
  );

/** Runs a test file; `passed`, `differ` and `failed` are lists of names of tests. */
async function runFile(runtime, command, file, dir) {
  const report = path.join(dir, `${runtime.key}-${file.replaceAll('/', '-')}.json`);
  const known = differencesOf(runtime.key, file);
  const hanging = known.filter(({ hangs }) => hangs).map(({ test }) => test.source);
  // Ended by force: workers that Deno cannot stop would keep the process.
  const options = ['--runInBand', '--forceExit', '--json', `--outputFile=${report}`];
  const jest = ['node_modules/jest/bin/jest.js', ...options];
  if (hanging.length > 0) jest.push(`--testNamePattern=^(?!.*(?:${hanging.join('|')}))`);
  const { output, end } = await execute([...command, ...jest, file], FILE_LIMIT_MS);
  const result = { passed: [], differ: [], failed: [] };
  if (!fs.existsSync(report)) {
    result.failed.push(`${file} (ended with ${end}): ${output.slice(-2000)}`);
    return result;
  }
  const { testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
  for (const { assertionResults, message } of testResults) {
    if (assertionResults.length === 0) result.failed.push(`${file}: ${message}`);
    for (const { fullName, status, failureMessages } of assertionResults) {
      const difference = known.find(({ test }) => test.test(fullName));
      if (status === 'passed') result.passed.push(fullName);
      else if (difference !== undefined) result.differ.push(fullName);
      else result.failed.push(`${file}: ${fullName}\n${failureMessages.join('\n')}`);
    }
  }
  for (const { test, hangs } of known) {
    if (hangs || result.differ.some((name) => test.test(name))) continue;
    console.log(`note: ${runtime.key} passes what is listed as different: ${file} ${test}`);
  }
  return result;
}

async function runProgram(command, file, ...args) {
  const { output, end } = await execute([...command, file, ...args], FILE_LIMIT_MS);
  return { passed: end === 0 ? [file] : [], differ: [], failed: end === 0 ? [] : [output] };
}

/** Runs `jobs`, as many at a time as there are cores; all their results added up. */
async function addUp(jobs) {
  const sum = { passed: [], differ: [], failed: [] };
  const queue = [...jobs];
  const lane = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const result = await job();
      for (const key of Object.keys(sum)) sum[key].push(...result[key]);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, lane));
  return sum;
}

const thousands = new Intl.NumberFormat('en-US');

function cell({ passed, differ, failed }) {
  const parts = [thousands.format(passed.length)];
  if (differ.length > 0) parts.push(`${differ.length} differ`);
  if (failed.length > 0) parts.push(`**${failed.length} failed**`);
  return parts.join(', ');
}

const verdict = ({ failed }) => (failed.length === 0 ? 'passes' : '**fails**');

async function runRuntime(runtime, isQuick, dir) {
  const command = await runtime.find();
  const version = /\d+\.\d+\.\d+/.exec(run(command[0], ['--version']).stdout)?.[0];
  if (version === undefined) throw new BuildError(`${command[0]} does not tell its version.`);
  const results = {};
  for (const suite of Object.keys(SUITES)) {
    const files = filesOf(suite).filter((file) => {
      const name = path.basename(file, '.test.ts');
      return isQuick ? QUICK.includes(name) : !Object.hasOwn(LEFT_OUT, name);
    });
    results[suite] = await addUp(files.map((file) => () => runFile(runtime, command, file, dir)));
  }
  results.demo = await runProgram(
    command,
    'examples/module-graph/main.mjs',
    DEMO_FOLDER,
    ...['--workers', '2'],
  );
  if (runtime.hasUsing) {
    results.using = await runProgram(command, 'test/workers/fixtures/using.mjs');
  }
  for (const { failed } of Object.values(results)) for (const text of failed) console.log(text);
  const count = (key) =>
    Object.values(results).reduce((sum, result) => sum + result[key].length, 0);
  console.log(
    `suite runtimes/${runtime.key} passed=${count('passed')} failed=${count('failed')}` +
      (count('differ') > 0 ? `\n${count('differ')} differ as listed in docs/runtimes.md` : ''),
  );
  const row = [
    `${runtime.name} ${version}`,
    cell(results.API),
    cell(results.workers),
    verdict(results.demo),
    results.using === undefined ? 'not in this engine' : verdict(results.using),
  ];
  return { row, failed: count('failed') };
}

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');

/** Puts text between the markers of a page. */
async function fillIn(file, name, text) {
  const page = path.join(root, file);
  const before = fs.readFileSync(page, 'utf8');
  const [start, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const from = before.indexOf(start);
  const to = before.indexOf(end);
  if (from === -1 || to === -1) throw new BuildError(`${file} has no markers for ${name}.`);
  const after = `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`;
  const options = await prettier.resolveConfig(page);
  fs.writeFileSync(page, await prettier.format(after, { ...options, filepath: page }));
}

function differencesTable() {
  const names = { bun: 'Bun', deno: 'Deno' };
  const rows = DIFFERENCES.map(({ runtimes: keys, file, test, why }) => [
    keys.map((key) => names[key] ?? key).join(', '),
    `${file}: ${test.source.replaceAll('\\', '').replaceAll('|', ' / ')}`,
    why,
  ]);
  return table(['on', 'tests', 'because'], rows);
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const isQuick = args.includes('--quick');
  const named = args.filter((arg) => arg !== '--quick');
  const unknown = named.filter((name) => !runtimes.some(({ key }) => key === name));
  if (unknown.length > 0) throw new BuildError(`there is no runtime ${unknown.join(', ')}.`);
  const all = isQuick ? QUICK_RUNTIMES : runtimes.map(({ key }) => key);
  const wanted = named.length > 0 ? named : all;
  return withTempDir(async (dir) => {
    const rows = [];
    let failed = 0;
    for (const runtime of runtimes.filter(({ key }) => wanted.includes(key))) {
      const result = await runRuntime(runtime, isQuick, dir);
      rows.push(result.row);
      failed += result.failed;
    }
    const head = ['runtime', 'API tests', 'worker tests', 'the demo', '`using`'];
    const text = table(head, rows);
    console.log(`\n${text}`);
    if (rows.length === runtimes.length && !isQuick) {
      await fillIn('README.md', 'runtimes', text);
      await fillIn('docs/runtimes.md', 'differences', differencesTable());
    }
    return failed === 0 ? 0 : 1;
  });
});
