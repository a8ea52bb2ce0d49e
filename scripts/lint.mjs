// Runs the linters, all or those named as arguments; `--fix` formats and repairs instead of checking.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureClangTools } from './clang-tools.mjs';
import { ensureJemalloc } from './jemalloc.mjs';
import { runSuites, stream } from './suites.mjs';
import { BuildError, root, runMain } from './support.mjs';

const fix = process.argv.includes('--fix');
const names = process.argv.slice(2).filter((argument) => argument !== '--fix');

function files(folders, suffixes) {
  return folders.flatMap((folder) => {
    const dir = path.join(root, folder);
    if (!fs.existsSync(dir)) return [];
    const found = fs.readdirSync(dir).filter((name) => suffixes.includes(path.extname(name)));
    return found.sort().map((name) => path.join(folder, name));
  });
}

/** One step is one check: it passes or fails as a whole. */
function step(status) {
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, status };
}

async function nodeTool(script, args) {
  const { status } = await stream(process.execPath, [path.join('node_modules', script), ...args]);
  return step(status);
}

async function clangFormat() {
  const sources = files(
    ['csrc/core', 'csrc/binding', 'test/core', 'test/core/misuse', 'test/fuzz/core'],
    ['.c', '.cc', '.h'],
  );
  const mode = fix ? ['-i'] : ['--dry-run', '-Werror'];
  const tools = await ensureClangTools();
  return step((await stream(tools.clangFormat, [...mode, ...sources])).status);
}

/** The headers that the last build of the addon used. */
function nodeHeaders() {
  const config = path.join(root, 'build/config.gypi');
  if (!fs.existsSync(config))
    throw new BuildError('clang-tidy needs a built addon; run "npm ci" first.');
  const { variables } = JSON.parse(fs.readFileSync(config, 'utf8').replace(/^#.*$/gm, ''));
  return path.join(variables.nodedir, 'include/node');
}

async function clangTidy() {
  const tools = await ensureClangTools();
  const common = ['-D_GNU_SOURCE', '-Icsrc/core'];
  // With assertions on, the analyzer knows what they rule out.
  const c = ['-std=c11', '-DSH_DEBUG=1', '-isystem', path.join(await ensureJemalloc(), 'include')];
  const cc = ['-std=c++17', '-DNAPI_VERSION=8', '-DNAPI_DISABLE_CPP_EXCEPTIONS'];
  cc.push('-DSHB_VERSION=""', '-DSHB_INTERFACE=""'); // from binding.gyp
  cc.push('-isystem', nodeHeaders(), '-isystem', 'node_modules/node-addon-api');

  // Those of other systems need these systems' headers.
  const isOther = (file) => /platform_(?!linux)/.test(file);
  const queue = files(['csrc/core', 'csrc/binding'], ['.c', '.cc']).filter(
    (file) => !isOther(file),
  );
  let worst = queue.length > 0 ? 0 : 1;
  async function work() {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const flags = file.endsWith('.c') ? c : cc;
      const args = ['--quiet', file, '--', ...common, ...flags];
      const { output, status } = await stream(tools.clangTidy, args, { show: false });
      // What is left of a clean file is a count of warnings that were suppressed in system headers.
      if (status !== 0) {
        process.stdout.write(output);
        worst = 1;
      }
    }
  }
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return step(worst);
}

const prettierMode = fix ? '--write' : '--check';
const suites = {
  eslint: () =>
    nodeTool('eslint/bin/eslint.js', ['--max-warnings=0', ...(fix ? ['--fix'] : []), '.']),
  prettier: () => nodeTool('prettier/bin/prettier.cjs', ['--log-level=warn', prettierMode, '.']),
  tsc: () => nodeTool('typescript/bin/tsc', ['--project', 'tsconfig.test.json']),
  'clang-format': clangFormat,
  'clang-tidy': clangTidy,
};
const fixers = ['eslint', 'prettier', 'clang-format'];

await runMain(() => runSuites(suites, names.length === 0 && fix ? fixers : names));
