// Run after `npm install <package>` where the registry serves only this platform's binaries: npm then leaves the other
// platforms' optional packages out of package-lock.json, and `npm ci` calls the lock file out of step. This writes them
// in, by name, version and platform, as npm does elsewhere; npm never fetches them on Linux x64.
import fs from 'node:fs';
import path from 'node:path';
import { root } from './support.mjs';

const file = path.join(root, 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
const platform =
  /-(darwin|linux|win32|android|freebsd|openharmony)-(arm64|arm|x64|ia32|ppc64|s390x|loong64|riscv64)/;

for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const nested = `${parent}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (Object.hasOwn(lock.packages, nested) || Object.hasOwn(lock.packages, hoisted)) continue;
    const [, os, cpu] = platform.exec(name) ?? [];
    if (!os || !/^\d/.test(version))
      throw new Error(`cannot tell the platform or version of ${name} ${version}`);
    lock.packages[hoisted] = { version, cpu: [cpu], ...(dev && { dev }), optional: true, os: [os] };
    console.log(`${name} ${version}`);
  }
}
lock.packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)),
);
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
