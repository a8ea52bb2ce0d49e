// The binaries that the package brings: for which machines, how each is built, and what each may ask of a system.
import path from 'node:path';
import { BuildError, root, run } from './support.mjs';

export const prebuilds = path.join(root, 'prebuilds');

// Node 20's own floor: whatever runs Node has this.
const glibc = '2.28';

/** `file` lies where node-gyp-build looks; `target` is Zig's name of the machine, `host` that of configure scripts. */
const binaries = [
  {
    file: 'linux-x64/shared-heap.glibc.node',
    arch: 'x64',
    target: `x86_64-linux-gnu.${glibc}`,
    host: 'x86_64-linux-gnu',
    needed: ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6', 'ld-linux-x86-64.so.2'],
  },
  {
    file: 'linux-x64/shared-heap.musl.node',
    arch: 'x64',
    target: 'x86_64-linux-musl',
    host: 'x86_64-linux-musl',
    needed: ['libc.so'],
  },
  {
    file: 'linux-arm64/shared-heap.glibc.node',
    arch: 'arm64',
    target: `aarch64-linux-gnu.${glibc}`,
    host: 'aarch64-linux-gnu',
    needed: ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6', 'ld-linux-aarch64.so.1'],
  },
  {
    file: 'linux-arm64/shared-heap.musl.node',
    arch: 'arm64',
    target: 'aarch64-linux-musl',
    host: 'aarch64-linux-musl',
    needed: ['libc.so'],
  },
];

/** Those whose files contain one of the arguments, all if there is none. */
export function chosenBinaries(parts) {
  const chosen = binaries.filter(
    ({ file }) => parts.length === 0 || parts.some((part) => file.includes(part)),
  );
  if (chosen.length === 0) {
    const names = binaries.map(({ file }) => file).join(', ');
    throw new BuildError(`no binary is called ${parts.join(', ')}; there are ${names}.`);
  }
  return chosen;
}

const exported = [
  'napi_register_module_v1',
  'node_api_module_get_api_version_v1',
  'shared_heap_copy',
];

function readelf(file, option) {
  const result = run('readelf', ['--wide', option, file], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (!result.ok) {
    throw new BuildError(`cannot read ${file} with readelf (Debian, Fedora: binutils).`);
  }
  return result.stdout;
}

const isNewer = (version, floor) => version.localeCompare(floor, 'en', { numeric: true }) > 0;

/** What is wrong with a binary, as sentences: libraries and symbol versions that a system may lack, stray exports. */
export function problemsOf(file, { needed }) {
  const libraries = [...readelf(file, '--dynamic').matchAll(/\(NEEDED\).*\[(.*)\]/g)];
  const versions = new Set(readelf(file, '--version-info').match(/\b[A-Z]+_\d+(?:\.\d+)+\b/g));
  const symbols = readelf(file, '--dyn-syms')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , , , binding, , section]) => /^(?:GLOBAL|WEAK)$/.test(binding) && section !== 'UND',
    )
    .map((columns) => columns[7]);
  const names = libraries.map(([, name]) => name);
  return [
    ...names.filter((name) => !needed.includes(name)).map((name) => `needs the library ${name}`),
    ...[...versions]
      .filter((version) => !version.startsWith('GLIBC_') || isNewer(version.slice(6), glibc))
      .map((version) => `needs symbols of ${version}, above GLIBC_${glibc}`),
    ...symbols.filter((name) => !exported.includes(name)).map((name) => `exports ${name}`),
    ...exported.filter((name) => !symbols.includes(name)).map((name) => `does not export ${name}`),
  ];
}
