// `npm run fuzz -- [seconds]`: libFuzzer over the core's operations against the reference model (test/fuzz/core), 60 s
// if not told. It starts from the inputs of the repository and keeps what it finds in build/fuzz/found; an input that
// ends the program stays in build/fuzz, with the command that runs it again.
//
//   npm run fuzz -- --merge     after a long run: the corpus of the repository anew, the inputs that reach
//                               something that smaller ones do not
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findClang } from './libfuzzer.mjs';
import { stream } from './suites.mjs';
import { BuildError, root, runMain } from './support.mjs';

const corpus = 'test/fuzz/core/corpus';
const found = 'build/fuzz/found';
const program = 'build/core-fuzz/fuzz/model_fuzz';
// Longest input: some 200 operations. Longer ones find nothing more and are slower to learn from.
const longest = 1024;
const corpusBytes = 200_000;

async function build() {
  const { clang, env } = await findClang();
  const make = ['--no-print-directory', `-j${os.availableParallelism()}`, '-C', 'csrc'];
  const { status } = await stream('make', [...make, 'MODE=fuzz', `CC=${clang}`, 'fuzz'], { env });
  if (status !== 0) throw new BuildError('the fuzz target does not build, see above.');
  for (const dir of [corpus, found]) fs.mkdirSync(path.join(root, dir), { recursive: true });
}

function bytesOf(dir) {
  return fs
    .readdirSync(path.join(root, dir))
    .reduce((sum, name) => sum + fs.statSync(path.join(root, dir, name)).size, 0);
}

async function fuzz(seconds) {
  const args = [
    `-max_total_time=${seconds}`,
    `-max_len=${longest}`,
    '-artifact_prefix=build/fuzz/',
    '-print_final_stats=1',
    found,
    corpus,
  ];
  const { output, status } = await stream(program, args);
  const runs = Number(/^stat::number_of_executed_units: (\d+)$/m.exec(output)?.[1] ?? 0);
  const artifact = /Test unit written to (\S+)/.exec(output)?.[1];
  if (artifact) console.log(`fuzz: again with ${program} ${artifact}`);
  console.log(`fuzz: ${runs} executions in ${seconds} s`);
  const good = status === 0 && runs > 0;
  console.log(`suite fuzz passed=${good ? 1 : 0} failed=${good ? 0 : 1}`);
  return good ? 0 : 1;
}

async function merge() {
  const merged = path.join(root, 'build/fuzz/merged');
  fs.rmSync(merged, { recursive: true, force: true });
  fs.mkdirSync(merged, { recursive: true });
  // By what is reached, not by how often: else every input counts for something.
  const args = ['-merge=1', '-use_counters=0', `-max_len=${longest}`, merged, found, corpus];
  const { status } = await stream(program, args);
  if (status !== 0) throw new BuildError('merging failed, see above.');
  const bytes = bytesOf('build/fuzz/merged');
  console.log(`fuzz: ${fs.readdirSync(merged).length} inputs, ${bytes} bytes`);
  if (bytes > corpusBytes)
    throw new BuildError(`that is more than ${corpusBytes} bytes; it stays in build/fuzz/merged.`);
  fs.rmSync(path.join(root, corpus), { recursive: true });
  fs.cpSync(merged, path.join(root, corpus), { recursive: true });
  return 0;
}

await runMain(async () => {
  const [what = '60'] = process.argv.slice(2);
  const seconds = Number(what);
  if (what !== '--merge' && !(seconds > 0))
    throw new BuildError(`npm run fuzz takes a number of seconds or --merge, not ${what}.`);
  await build();
  return what === '--merge' ? merge() : fuzz(seconds);
});
