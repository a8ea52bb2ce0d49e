// What npm would publish, as npm itself says.
import { BuildError, lastLines, root, run } from './support.mjs';

/** Runs `npm pack` without scripts; returns npm's account of the tarball: filename, size, files. */
export function pack(options) {
  const args = ['pack', '--json', '--ignore-scripts', ...options];
  const result = run('npm', args, { cwd: root });
  if (!result.ok) throw new BuildError(`npm pack fails (${lastLines(result.output, 1)}).`);
  return JSON.parse(result.stdout)[0];
}
