// Finds a clang that has libFuzzer: what the system has ($CLANG first), else Debian's packages unpacked into the
// user's cache. `node scripts/libfuzzer.mjs` prints its command.
import fs from 'node:fs';
import path from 'node:path';
import {
  BuildError,
  aptFetch,
  cached,
  debianRelease,
  isMain,
  run,
  runMain,
  withTempDir,
} from './support.mjs';

const newest = 22;
const oldest = 14;
const debian = ['clang-14', 'libclang-rt-14-dev']; // in Debian 12, Ubuntu 22.04 and 24.04
const advice =
  'install clang with its sanitizer and fuzzer runtimes (Debian: clang libclang-rt-14-dev or later, ' +
  'Fedora: clang compiler-rt), or set CLANG to one';

/** Whether the compiler can make a fuzz target that runs. */
function works(clang, env = {}) {
  const probe =
    'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return n > 9 && d[0] ? 0 : 0; }\n';
  return withTempDir((dir) => {
    const program = path.join(dir, 'probe');
    const args = ['-fsanitize=fuzzer,address,undefined', '-x', 'c', '-', '-o', program];
    const options = {
      input: probe,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    };
    return run(clang, args, options).ok && run(program, ['-runs=1']).ok;
  });
}

async function fromSystem() {
  const versions = Array.from({ length: newest - oldest + 1 }, (_, i) => `clang-${newest - i}`);
  const names = process.env.CLANG ? [process.env.CLANG] : ['clang', ...versions];
  for (const name of names) if (await works(name)) return { clang: name, env: {} };
  if (process.env.CLANG)
    throw new BuildError(`${process.env.CLANG} cannot build a fuzz target; ${advice}.`);
  return undefined;
}

async function fromDebian() {
  const dir = await cached(`${debian[0]}-debian-${debianRelease()}`, (target) =>
    withTempDir((temporary) => {
      // With what they need and the system has not: nothing is installed, only unpacked.
      const args = ['install', '--download-only', '--yes', '--no-install-recommends'];
      const trouble = aptFetch('deb', [...args, '-o', 'Debug::NoLocking=1', ...debian], temporary);
      if (trouble)
        throw new BuildError(`there is no clang with libFuzzer and ${trouble}; ${advice}.`);
      const archives = path.join(temporary, 'apt/cache/archives');
      for (const name of fs.readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
        if (!run('dpkg-deb', ['-x', path.join(archives, name), target]).ok)
          throw new BuildError(`cannot unpack ${name} of Debian; ${advice}.`);
      }
    }),
  );
  const root = path.join(dir, 'usr/lib');
  const libraries = fs.readdirSync(root).filter((name) => name.endsWith('-linux-gnu'));
  const env = {
    LD_LIBRARY_PATH: [...libraries, 'llvm-14/lib'].map((name) => path.join(root, name)).join(':'),
  };
  const clang = path.join(root, 'llvm-14/bin/clang');
  if (!(await works(clang, env)))
    throw new BuildError(`Debian's ${debian[0]}, unpacked to ${dir}, does not work; ${advice}.`);
  return { clang, env };
}

/** The compiler, and what its environment must have. */
export async function findClang() {
  return (await fromSystem()) ?? (await fromDebian());
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const { clang, env } = await findClang();
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    console.log([...words, clang].join(' '));
  });
}
