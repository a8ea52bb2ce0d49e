// Runs the test suites, all or those named as arguments: core-debug core-asan core-tsan js js-no-view
// types.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { jestCounts, runSuites, stream } from './suites.mjs';
import { root, runMain } from './support.mjs';

// A worker stuck in native code would keep jest waiting for ever.
const jestLimitSeconds = 1200;

async function core(mode) {
  const jobs = `-j${os.availableParallelism()}`;
  const result = await stream('make', [
    '--no-print-directory',
    jobs,
    '-C',
    'csrc',
    `MODE=${mode}`,
    'test',
  ]);
  const counts = [...result.output.matchAll(/^suite \S+ passed=(\d+) failed=(\d+)$/gm)];
  const sum = (index) => counts.reduce((total, match) => total + Number(match[index]), 0);
  return { passed: sum(1), failed: sum(2), status: result.status, reported: true };
}

async function js(name, env = {}) {
  const report = path.join(root, `build/jest-${name}.json`);
  fs.rmSync(report, { force: true });
  const jest = ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`];
  // --json sends the whole report to standard output too: what a person reads is on standard error.
  const limit = [
    '--kill-after=10',
    String(jestLimitSeconds),
    'sh',
    '-c',
    'exec "$0" "$@" >/dev/null',
  ];
  const result = await stream('timeout', [...limit, process.execPath, ...jest], { env });
  return jestCounts(report, result.status);
}

async function types() {
  const tests = fs
    .readdirSync(path.join(root, 'types'))
    .filter((name) => /\.test-d\.m?ts$/.test(name));
  let output = '';
  let status = 0;
  for (const project of ['tsconfig.types.json', 'tsconfig.consumer.json']) {
    const tsc = ['node_modules/typescript/bin/tsc', '--project', project];
    const result = await stream(process.execPath, tsc);
    output += result.output;
    status ||= result.status;
  }
  const bad = tests.filter((name) => output.includes(`types/${name}(`)).length;
  return { passed: status === 0 ? tests.length : tests.length - bad, failed: bad, status };
}

await runMain(() =>
  runSuites(
    {
      'core-debug': () => core('debug'),
      'core-asan': () => core('asan'),
      'core-tsan': () => core('tsan'),
      js: () => js('js'),
      // Everything through Node-API, as in engines that allow no views and have no fast calls.
      'js-no-view': () => js('js-no-view', { SHARED_HEAP_NO_VIEW: '1' }),
      types,
    },
    process.argv.slice(2),
  ),
);
