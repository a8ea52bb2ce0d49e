// Runs cmocka programs, each as its own process with a time limit, prints what they print, and ends each with a line
// `suite core-<mode>/<program> passed=N failed=N`. A test that was announced and did not pass or skip has failed: so
// has every test that a crash or the time limit kept from running, and so has a program that announced none.
import { spawn } from 'node:child_process';
import path from 'node:path';

const timeLimitSeconds = 300;
const [mode, ...programs] = process.argv.slice(2);

/** Sanitizer reports end the program; TSan keeps going after a race, its exit code tells. */
const env = {
  ...process.env,
  ASAN_OPTIONS: `detect_stack_use_after_return=1:${process.env.ASAN_OPTIONS ?? ''}`,
  UBSAN_OPTIONS: `print_stacktrace=1:${process.env.UBSAN_OPTIONS ?? ''}`,
  TSAN_OPTIONS: `second_deadlock_stack=1:${process.env.TSAN_OPTIONS ?? ''}`,
};

function execute(program) {
  return new Promise((resolve) => {
    // `timeout` ends the whole process group, so that no child of a hanging program stays behind. One pipe for both
    // streams keeps their order: cmocka writes its results to one and its summary to the other.
    const command = `exec timeout --kill-after=10 ${timeLimitSeconds} "$0" 2>&1`;
    const child = spawn('sh', ['-c', command, program], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text) => {
      output += text;
      process.stdout.write(text);
    });
    child.on('error', (error) => resolve({ output, status: error.code }));
    child.on('close', (code, signal) => resolve({ output, status: code ?? signal }));
  });
}

function count(pattern, text) {
  return [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1] ?? 1), 0);
}

let anyFailed = false;
for (const program of programs) {
  const { output, status } = await execute(program);
  const announced = count(/^\[={10}\] .*?Running (\d+) test\(s\)/gm, output);
  const passed = count(/^\[ {7}OK \]/gm, output);
  const skipped = count(/^\[ {2}SKIPPED \] .*?(\d+) test\(s\)/gm, output);
  let failed = Math.max(announced - passed - skipped, 0);
  if (failed === 0 && (status !== 0 || announced === 0)) failed = 1;
  if (status !== 0) {
    const reason =
      status === 124 || status === 137
        ? `stopped, limit ${timeLimitSeconds} s`
        : `exit status ${status}`;
    console.log(`${path.basename(program)}: ${reason}`);
  }
  anyFailed ||= failed > 0;
  console.log(`suite core-${mode}/${path.basename(program)} passed=${passed} failed=${failed}`);
}
if (programs.length === 0) {
  console.error('no test program in test/core');
  anyFailed = true;
}
process.exitCode = anyFailed ? 1 : 0;
