// What binding.gyp asks while it is evaluated: `sources <folder> <suffix>` lists the files to compile, so that a new
// one needs no edit there; `addon-api` names the folder of napi.h; `version` and `interface` are what copies of the
// package know each other by; `lto` which compilers optimise at link time.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root, run } from './support.mjs';

function sources(folder, suffix) {
  return fs
    .readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(suffix) && !isOfAnotherSystem(name))
    .sort()
    .map((name) => `${folder}/${name}`)
    .join('\n');
}

/** The addon is built on Linux alone; platform files of other systems are only compiled (compile-core.mjs). */
function isOfAnotherSystem(name) {
  return name.startsWith('platform_') && name !== 'platform_linux.c';
}

function addonApi() {
  return path.dirname(createRequire(import.meta.url).resolve('node-addon-api/napi.h'));
}

function version() {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;
}

/** Tells what the addon exports from what another version of it did: two copies in a process compare this. */
function interfaceHash() {
  const declarations = fs.readFileSync(path.join(root, 'types/native.d.ts'));
  return crypto.createHash('sha256').update(declarations).digest('hex').slice(0, 16);
}

/** Which compilers are known to optimise across C and C++ at link time without further tools: `gcc`, `zig` or `none`. */
function lto() {
  const compilers = [process.env.CC || 'cc', process.env.CXX || 'c++'];
  if (compilers.every((compiler) => /\bzig c/.test(compiler))) return 'zig';
  const isGcc = (compiler) =>
    run('sh', ['-c', `${compiler} --version`]).stdout.includes('Free Software Foundation');
  return compilers.every(isGcc) ? 'gcc' : 'none';
}

const [question, ...rest] = process.argv.slice(2);
const answers = { sources, 'addon-api': addonApi, version, interface: interfaceHash, lto };
console.log(answers[question](...rest));
