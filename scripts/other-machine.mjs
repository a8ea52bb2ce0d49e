// What test runs for another machine or C library (arm64.mjs, musl.mjs) put together from package archives.
import fs from 'node:fs';
import path from 'node:path';
import { BuildError, lastLines, root, run } from './support.mjs';

/** Native parts of jest and of its compiler for Linux on `machine`, in the versions that are installed for this one. */
export function jestPackages(machine) {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return [`@swc/core-linux-${machine}`, `@unrs/resolver-binding-linux-${machine}`].map(
    (name) => `${name}@${packages[`node_modules/${name}`].version}`,
  );
}

/** Unpacks a package of npm's into the folder of its name in `modules`, for whatever machine it is. */
export function unpackFromNpm(spec, modules) {
  const pack = run('npm', ['pack', '--json', '--pack-destination', modules, spec]);
  if (!pack.ok)
    throw new BuildError(`cannot fetch ${spec} with npm (${lastLines(pack.output, 1)}).`);
  const [{ name, filename }] = JSON.parse(pack.stdout);
  const folder = path.join(modules, name);
  fs.mkdirSync(folder, { recursive: true });
  const tarball = path.join(modules, filename);
  const unpack = run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder]);
  if (!unpack.ok)
    throw new BuildError(`cannot unpack ${tarball} (${lastLines(unpack.output, 1)}).`);
  fs.rmSync(tarball);
}

/** Unpacks the packages of Debian that are in `folder`. */
export function unpackDebs(folder, target) {
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    const unpacked = run('dpkg-deb', ['-x', path.join(folder, name), target]);
    if (!unpacked.ok) throw new BuildError(`cannot unpack ${name} of Debian.`);
  }
}
