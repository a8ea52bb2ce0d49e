#!/usr/bin/env node
// The package's command. `npx shared-heap build` compiles the addon from the sources that the package brings, for
// machines that none of its binaries is for.
if (process.argv[2] === 'build') {
  await import('../scripts/build.mjs');
} else {
  console.error('usage: shared-heap build [--verbose]    compiles the addon on this machine');
  process.exitCode = 2;
}
