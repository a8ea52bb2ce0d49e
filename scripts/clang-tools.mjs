// clang-format and clang-tidy at the versions this repository is formatted and checked with: PyPI's wheels, unpacked
// into the user's cache. A system's own clang of another version would format differently.
import path from 'node:path';
import { BuildError, cached, lastLines, run } from './support.mjs';

const version = '18.1.8';

/** Returns the paths of the two programs. */
export async function ensureClangTools() {
  const dir = await cached(`clang-tools-${version}`, (target) => {
    const packages = [`clang-format==${version}`, `clang-tidy==${version}`];
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-cache-dir',
      '--target',
      target,
      ...packages,
    ];
    const result = run('python3', pip);
    if (!result.ok) {
      throw new BuildError(
        `cannot install clang-format and clang-tidy ${version} with pip (${lastLines(result.output, 1)}); ` +
          'linting needs python3 with pip (Debian, Fedora: python3-pip) and access to PyPI.',
      );
    }
  });
  // The wheels' own launchers are Python scripts, which would need the folder on Python's path.
  return {
    clangFormat: path.join(dir, 'clang_format/data/bin/clang-format'),
    clangTidy: path.join(dir, 'clang_tidy/data/bin/clang-tidy'),
  };
}
