// Checks the package as a user gets it: `npm run pack:check` packs it, looks at what is in the tarball, installs that
// into an empty folder where no script runs and no compiler is to be found, and uses it there.
// Arguments name the binaries that must be in it (parts of their paths); without any, all must.
import fs from 'node:fs';
import path from 'node:path';
import { chosenBinaries, problemsOf } from './binaries.mjs';
import { pack } from './pack.mjs';
import { consumers } from './pack-consumers.mjs';
import { runSuites } from './suites.mjs';
import { BuildError, lastLines, root, run, runMain, withTempDir } from './support.mjs';

const tarballLimit = 4e6;

// One line for each kind of file that belongs into the package.
const expected = [
  /^(?:package\.json|README\.md|LICENSE|binding\.gyp|bin\/shared-heap\.mjs)$/,
  /^csrc\/(?:core\/\w+\.[ch]|binding\/\w+\.(?:cc|h)|exports\.map)$/,
  /^dist\/[\w-]+\.(?:js|mjs|d\.ts|d\.mts|(?:js|mjs|d\.ts|d\.mts)\.map)$/,
  /^ts\/[\w-]+\.m?ts$/,
  /^types\/\w+\.d\.ts$/,
  /^scripts\/(?:build|gyp|jemalloc|support)\.mjs$/,
  /^prebuilds\/(?:LICENSE\.jemalloc|linux-(?:x64|arm64)\/shared-heap\.(?:glibc|musl)\.node)$/,
];

const binaries = chosenBinaries(process.argv.slice(2));

const problemsOfContents = ({ files, size }) => {
  const names = files.map((file) => file.path);
  const modules = fs
    .readdirSync(path.join(root, 'ts'))
    .map((name) => `dist/${name.replace(/\.(m?)ts$/, '.$1js')}`);
  const required = [...modules, ...binaries.map(({ file }) => `prebuilds/${file}`)];
  return [
    ...names
      .filter((name) => !expected.some((pattern) => pattern.test(name)))
      .map((name) => `${name} is in the tarball and should not be`),
    ...required.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...(size < tarballLimit ? [] : [`the tarball has ${size} bytes, more than ${tarballLimit}`]),
  ];
};

/** A PATH with node and a shell, and nothing that compiles. */
function bareEnvironment(folder) {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  fs.symlinkSync(process.execPath, path.join(bin, 'node'));
  fs.symlinkSync('/bin/sh', path.join(bin, 'sh'));
  const env = { HOME: process.env.HOME, PATH: bin };
  for (const tool of ['cc', 'c++', 'gcc', 'make', 'python3']) {
    if (run('sh', ['-c', `command -v ${tool}`], { env }).ok) {
      throw new BuildError(`${tool} can be found where no compiler should be.`);
    }
  }
  return env;
}

function install(tarball, folder, env) {
  const project = path.join(folder, 'project');
  fs.mkdirSync(project);
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }\n');
  const npm = run('npm', ['root', '--global']).stdout.trim();
  const cli = process.env.npm_execpath ?? path.join(npm, 'npm/bin/npm-cli.js');
  const args = [cli, 'install', '--ignore-scripts', '--prefer-offline', tarball];
  const result = run(process.execPath, args, { cwd: project, env });
  if (!result.ok) throw new BuildError(`npm install fails (${lastLines(result.output, 3)}).`);
  return project;
}

/** Counts checks: each is a list of problems, or a function that returns one. */
function counter() {
  const total = { passed: 0, failed: 0 };
  const check = (name, problems) => {
    if (problems.length === 0) total.passed++;
    else total.failed++;
    console.log(`${problems.length === 0 ? 'ok ' : 'BAD'} ${name}`);
    for (const problem of problems) console.log(`    ${problem}`);
  };
  return { total, check };
}

const problemsOfRun = ({ ok, output }) => (ok ? [] : [lastLines(output, 40)]);

async function packCheck() {
  const { total, check } = counter();
  await withTempDir(async (folder) => {
    const packed = pack(['--pack-destination', folder]);
    const tarball = path.join(folder, packed.filename);
    check(`${packed.files.length} files, ${packed.size} bytes`, problemsOfContents(packed));

    const node = (script, ...args) =>
      run(process.execPath, [path.join(root, 'node_modules', script), ...args], { cwd: root });
    check('publint', problemsOfRun(node('publint/src/cli.js', 'run', tarball, '--strict')));
    check(
      'are the types wrong',
      problemsOfRun(node('@arethetypeswrong/cli/dist/index.js', tarball)),
    );

    const env = bareEnvironment(folder);
    const project = install(tarball, folder, env);
    const installed = path.join(project, 'node_modules/shared-heap');
    for (const binary of binaries) {
      const file = path.join(installed, 'prebuilds', binary.file);
      check(binary.file, fs.existsSync(file) ? problemsOf(file, binary) : ['is not there']);
    }
    for (const { name, run: consume } of consumers) check(name, consume(project, env));
  });
  return { ...total, status: total.failed };
}

await runMain(() => runSuites({ pack: packCheck }, []));
