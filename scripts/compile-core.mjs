// Compiles the core for the systems that it has a platform file for and that no machine here runs: each source by
// itself, warnings as errors. Nothing is linked; jemalloc's header is that of this machine.
import fs from 'node:fs';
import path from 'node:path';
import { ensureJemalloc } from './jemalloc.mjs';
import { runSuites } from './suites.mjs';
import { root, run, runMain, withTempDir } from './support.mjs';
import { zigEnvironment } from './zig.mjs';

const warnings = '-Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Werror';

function sourcesFor(system) {
  return fs
    .readdirSync(path.join(root, 'csrc/core'))
    .filter((name) => /\.c$/.test(name) && (!/^platform_/.test(name) || name.includes(system)));
}

async function compile(system, target) {
  // Of this machine's own compiler, so before Zig is in the environment.
  const include = path.join(await ensureJemalloc(), 'include');
  const env = { ...process.env, ...(await zigEnvironment(target)) };
  const queue = sourcesFor(system);
  let passed = 0;
  let failed = 0;
  return withTempDir(async (dir) => {
    for (const name of queue) {
      const command = `$CC -std=c11 -D_GNU_SOURCE -O2 ${warnings} -isystem "$1" -c "csrc/core/$2" -o "$3"`;
      const output = path.join(dir, `${name}.o`);
      const result = run('sh', ['-c', command, 'sh', include, name, output], { cwd: root, env });
      if (result.ok) passed++;
      else failed++;
      process.stdout.write(result.output);
    }
    return { passed, failed, status: failed };
  });
}

await runMain(() =>
  runSuites(
    {
      'core-macos': () => compile('macos', 'aarch64-macos'),
      'core-windows': () => compile('windows', 'x86_64-windows-gnu'),
    },
    process.argv.slice(2),
  ),
);
