// How scripts/test.mjs and scripts/lint.mjs run their parts: every part runs, whatever the ones before it did, and
// reports in a line `suite <name> passed=N failed=N`, which .ci/run adds up.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { root } from './support.mjs';

/** Runs a program, shows its output as it comes, and returns the output and the exit code (or signal). */
export function stream(command, args, { env = {}, show = true } = {}) {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', 'exec "$0" "$@" 2>&1', command, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      output += text;
      if (show) process.stdout.write(text);
    });
    child.on('close', (code, signal) => resolve({ output, status: code ?? signal }));
  });
}

/** What jest has counted: `report` is the file it was to write (`--json`), `status` how it ended. */
export function jestCounts(report, status) {
  if (!fs.existsSync(report)) return { passed: 0, failed: 0, status };
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    fs.readFileSync(report, 'utf8'),
  );
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, status };
}

/**
 * Runs suites by name. `suites[name]()` returns `{ passed, failed, status }`: a program that ended badly without naming
 * a failed test, or that ran no test at all, counts as one failure.
 * A suite that has printed its own lines (`reported`) gets only what they leave out.
 */
export async function runSuites(suites, names) {
  const unknown = names.filter((name) => !Object.hasOwn(suites, name));
  if (unknown.length > 0) {
    console.error(`no suite ${unknown.join(', ')}; there are ${Object.keys(suites).join(', ')}`);
    return 2;
  }
  const lines = [];
  let anyFailed = false;
  for (const name of names.length > 0 ? names : Object.keys(suites)) {
    console.log(`\n== ${name}`);
    const { passed, failed, status, reported = false } = await suites[name]();
    const missing = failed === 0 && (status !== 0 || passed === 0) ? 1 : 0;
    anyFailed ||= failed + missing > 0;
    if (!reported) console.log(`suite ${name} passed=${passed} failed=${failed + missing}`);
    else if (missing) console.log(`suite ${name} passed=0 failed=${missing}`);
    lines.push(`${name.padEnd(14)} ${passed} ok, ${failed + missing} bad`);
  }
  console.log(`\n${lines.join('\n')}`);
  return anyFailed ? 1 : 0;
}
