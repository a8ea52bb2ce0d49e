// Compiles bare.c into build/bench/, outside this folder, so that the tree stays clean. One C file
// and no library: the compiler alone is enough. Node-API is stable, so one binary serves any Node.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../paths.mjs';

const source = path.join(import.meta.dirname, 'bare.c');
export const bareAddon = path.join(root, 'build/bench/bare.node');

/** The headers that the addon itself was built with, or those beside node. */
function headers() {
  const beside = path.join(path.dirname(path.dirname(process.execPath)), 'include/node');
  const folders = [beside];
  const config = path.join(root, 'build/config.gypi');
  if (fs.existsSync(config)) {
    const { variables } = JSON.parse(fs.readFileSync(config, 'utf8').replace(/^#.*$/gm, ''));
    folders.unshift(path.join(variables.nodedir, 'include/node'));
  }
  const found = folders.find((folder) => fs.existsSync(path.join(folder, 'node_api.h')));
  if (found === undefined) throw new Error(`node_api.h is in none of ${folders.join(', ')}`);
  return found;
}

export function buildBareAddon() {
  const isFresh =
    fs.existsSync(bareAddon) && fs.statSync(bareAddon).mtimeMs > fs.statSync(source).mtimeMs;
  if (isFresh) return;
  fs.mkdirSync(path.dirname(bareAddon), { recursive: true });
  const flags = ['-std=c11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-Wall', '-Wextra'];
  execFileSync(process.env.CC || 'cc', [...flags, '-isystem', headers(), '-o', bareAddon, source], {
    stdio: 'inherit',
  });
}
