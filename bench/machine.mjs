// Where and with what it was measured.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { root } from './paths.mjs';
import { packages } from './peers/index.mjs';

export function describeMachine(node, settings) {
  const versions = JSON.parse(
    execFileSync(node, ['-p', 'JSON.stringify(process.versions)'], { encoding: 'utf8' }),
  );
  return {
    date: new Date().toISOString(),
    node: versions.node,
    v8: versions.v8,
    cpu: os.cpus()[0]?.model.trim(),
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    load: os.loadavg()[0],
    commit: commit(),
    ...settings,
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

function commit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', '.', ':!bench/results.*') === '' ? '' : '+';
    return git('rev-parse', '--short', 'HEAD') + changed;
  } catch {
    return 'none';
  }
}

function versionOf(name) {
  const entry = createRequire(import.meta.url).resolve(name);
  const folder = path.join(path.sep, ...name.split('/'), path.sep);
  const end = entry.lastIndexOf(folder) + folder.length;
  const manifest = path.join(entry.slice(0, end), 'package.json');
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version;
}
