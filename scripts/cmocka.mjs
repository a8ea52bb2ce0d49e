// Finds cmocka, the C test library: what the system has, else Debian's packages unpacked into the user's cache.
// `node scripts/cmocka.mjs --cflags` prints compiler flags, `--libs` linker flags.
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

function fromPkgConfig() {
  const cflags = run('pkg-config', ['--cflags', 'cmocka']);
  const libs = run('pkg-config', ['--libs', 'cmocka']);
  if (!cflags.ok || !libs.ok) return undefined;
  return { cflags: cflags.stdout.trim(), libs: libs.stdout.trim() };
}

function fromCompiler() {
  const probe =
    '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\nint main(void) { return 0; }\n';
  const compiler = process.env.CC || 'cc';
  return withTempDir((dir) => {
    const args = ['-x', 'c', '-', '-lcmocka', '-o', path.join(dir, 'probe')];
    const found = run(compiler, args, { input: probe, stdio: ['pipe', 'pipe', 'pipe'] }).ok;
    return found ? { cflags: '', libs: '-lcmocka' } : undefined;
  });
}

async function fromDebian() {
  const install = 'install it (Debian: libcmocka-dev, Fedora: libcmocka-devel)';
  const architecture = run('dpkg', ['--print-architecture']);
  if (!architecture.ok) throw new BuildError(`cmocka, the C test library, is missing; ${install}.`);

  const dir = await cached(
    `cmocka-debian-${debianRelease()}-${architecture.stdout.trim()}`,
    (target) =>
      withTempDir((temporary) => {
        const trouble = aptFetch('deb', ['download', 'libcmocka-dev', 'libcmocka0'], temporary);
        if (trouble)
          throw new BuildError(
            `cmocka, the C test library, is missing and ${trouble}; ${install}.`,
          );
        for (const name of fs.readdirSync(temporary).filter((file) => file.endsWith('.deb'))) {
          const unpacked = run('dpkg-deb', ['-x', path.join(temporary, name), target]);
          if (!unpacked.ok) throw new BuildError(`cannot unpack ${name} of Debian; ${install}.`);
        }
      }),
  );
  const shared = fs
    .readdirSync(dir, { recursive: true })
    .find((file) => file.endsWith('/libcmocka.so'));
  if (!shared) throw new BuildError(`Debian's cmocka packages hold no libcmocka.so; ${install}.`);
  const lib = path.join(dir, path.dirname(shared));
  return {
    cflags: `-isystem ${path.join(dir, 'usr/include')}`,
    libs: `-L${lib} -lcmocka -Wl,-rpath,${lib}`,
  };
}

export async function findCmocka() {
  return fromPkgConfig() ?? (await fromCompiler()) ?? (await fromDebian());
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const { cflags, libs } = await findCmocka();
    process.stdout.write(`${process.argv.includes('--libs') ? libs : cflags}\n`);
  });
}
