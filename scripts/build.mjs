// Builds the addon from source: what `npx shared-heap build` runs and, in a clone, `npm ci` and `npm run build`.
// Everything that can be missing is looked for before the first compiler starts, and said in one sentence.
// `--incremental` keeps the objects of the last build, `--verbose` shows what the tools print; `--arch` names the
// processor to build for if CC and CXX are cross compilers.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ensureJemalloc } from './jemalloc.mjs';
import { BuildError, lastLines, root, run, runMain } from './support.mjs';

const incremental = process.argv.includes('--incremental');
const arch = /^--arch=(\w+)$/.exec(process.argv.at(-1))?.[1] ?? process.arch;
const verbose = process.argv.includes('--verbose') || process.env.npm_config_loglevel === 'verbose';

function checkPlatform() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(arch)) {
    throw new BuildError(
      `runs on Linux x64 and arm64 only, this is ${process.platform} ${arch}; nothing was built.`,
    );
  }
}

function checkTools() {
  const tools = [
    { what: 'a C compiler', command: process.env.CC || 'cc', debian: 'gcc', fedora: 'gcc' },
    { what: 'a C++ compiler', command: process.env.CXX || 'c++', debian: 'g++', fedora: 'gcc-c++' },
    { what: 'make', command: 'make', debian: 'make', fedora: 'make' },
    { what: 'python3', command: 'python3', debian: 'python3', fedora: 'python3' },
  ];
  const missing = tools.filter(({ command }) => !run('sh', ['-c', `${command} --version`]).ok);
  if (missing.length > 0) {
    const list = (key) => missing.map((tool) => tool[key]);
    throw new BuildError(
      `cannot be built without ${list('what').join(', ')} (looked for ${list('command').join(', ')}); ` +
        `install with "apt-get install ${list('debian').join(' ')}" (Debian) or "dnf install ${list('fedora').join(' ')}" (Fedora).`,
    );
  }
}

/** One that is installed beside the package, as it is in a clone, or the one that npm and npx bring. */
function findNodeGyp() {
  try {
    return createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  } catch {
    const bundled = process.env.npm_config_node_gyp;
    if (bundled) return bundled;
    throw new BuildError(
      'node-gyp was not found; run "npx shared-heap build", which brings npm\'s, or "npm install node-gyp" first.',
    );
  }
}

/** Node's headers lie beside most installed binaries: using them saves a download. */
function headerArguments() {
  if (process.env.npm_config_nodedir) return [];
  const prefix = path.dirname(path.dirname(process.execPath));
  const found = fs.existsSync(path.join(prefix, 'include/node/node_api.h'));
  return found ? [`--nodedir=${prefix}`] : [];
}

function buildAddon() {
  const steps = incremental ? ['configure', 'build'] : ['rebuild'];
  const jobs = `--jobs=${os.availableParallelism()}`;
  const target = ['--release', `--arch=${arch}`];
  const args = [findNodeGyp(), ...steps, ...target, jobs, ...headerArguments()];
  const options = { cwd: root, ...(verbose && { stdio: ['ignore', 'inherit', 'inherit'] }) };
  const result = run(process.execPath, args, options);
  if (!result.ok) {
    process.stderr.write(`${lastLines(result.output, 80)}\n`);
    throw new BuildError('the addon does not build; the output of node-gyp is above.');
  }
  if (!verbose) showWarnings(result.output);
}

/** A quiet build still shows what the compiler objects to. */
function showWarnings(output) {
  const warnings = output.split('\n').filter((line) => / warning: /.test(line));
  if (warnings.length > 0) process.stderr.write(`${warnings.join('\n')}\n`);
}

await runMain(async () => {
  checkPlatform();
  checkTools();
  await ensureJemalloc({ verbose });
  buildAddon();
});
