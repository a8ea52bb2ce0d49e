// Builds jemalloc 5.3.0 as a static, position-independent library with no symbol or TLS slot of its own showing,
// and keeps it in the user's cache. `node scripts/jemalloc.mjs --print` names the folder on stdout:
// lib/libjemalloc_pic.a and include/jemalloc/jemalloc.h are in it. CC, AR and RANLIB name the tools; JEMALLOC_HOST is
// the machine to build for if it is another one, such as aarch64-linux-gnu.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  BuildError,
  aptFetch,
  cached,
  isMain,
  lastLines,
  run,
  runMain,
  withTempDir,
} from './support.mjs';

const version = '5.3.0';
const tarballSha256 = '2db82d1e7119df3e71b7640219b6dfe84789bc0537983c3b7ac4f7189aecfeaa';
const upstream = `https://github.com/jemalloc/jemalloc/releases/download/${version}/jemalloc-${version}.tar.bz2`;
const upstreamTimeoutMs = 20_000;

const cflags = '-O2 -g -fPIC -fvisibility=hidden';
const configureFlags = [
  // A module loaded late finds no room in the static TLS block.
  '--disable-initial-exec-tls',
  // Node or another addon may carry a jemalloc too: nothing of this one may meet theirs.
  '--with-jemalloc-prefix=je_',
  '--with-private-namespace=shp_',
  '--without-export',
  '--disable-shared',
  '--enable-static',
  '--disable-cxx',
  '--disable-doc',
  '--disable-prof',
  '--disable-stats',
  '--disable-libdl',
  '--disable-fill',
  // A random start would cost each large body a page; texts and files of 16 to 64 KiB are common.
  '--disable-cache-oblivious',
  // Size classes of 8, 24 and 40 bytes.
  '--with-lg-quantum=3',
  '--with-malloc-conf=retain:false,narenas:1,tcache:false,background_thread:false',
];

// What is kept; the licence goes with binaries that have the library inside.
const outputs = ['lib/libjemalloc_pic.a', 'include/jemalloc/jemalloc.h', 'COPYING'];

// Asked of the machine that builds, unless it builds for another. Smaller pages than a machine has are harmless.
const crossFlags = ['--with-lg-page=12', '--with-lg-hugepage=21'];

function sha256(data) {
  return crypto.createHash('sha256').update(data).digest('hex');
}

/** One hash over names and contents: a source folder has no release checksum, but its library needs a key. */
function hashFolder(dir) {
  const hash = crypto.createHash('sha256');
  for (const name of fs.readdirSync(dir, { recursive: true }).sort()) {
    const file = path.join(dir, name);
    if (fs.statSync(file).isFile()) hash.update(`${name}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

function checkedTarball(data, origin) {
  const actual = sha256(data);
  if (actual !== tarballSha256) {
    throw new BuildError(
      `${origin} is not the jemalloc ${version} release (sha256 ${actual}, expected ${tarballSha256}); ` +
        `set JEMALLOC_SOURCE to jemalloc-${version}.tar.bz2.`,
    );
  }
  return data;
}

/** What JEMALLOC_SOURCE names, if anything: a folder, or the release tarball. */
function givenSource() {
  const given = process.env.JEMALLOC_SOURCE;
  if (!given) return undefined;
  const stat = fs.statSync(given, { throwIfNoEntry: false });
  if (!stat) {
    throw new BuildError(
      `JEMALLOC_SOURCE is ${given}, which does not exist; name a jemalloc ${version} tarball or folder.`,
    );
  }
  if (!stat.isDirectory()) {
    return {
      sha: tarballSha256,
      tarball: checkedTarball(fs.readFileSync(given), `JEMALLOC_SOURCE ${given}`),
    };
  }
  if (!fs.existsSync(path.join(given, 'configure'))) {
    throw new BuildError(
      `JEMALLOC_SOURCE ${given} has no configure script; run autoconf there or name the unpacked ${version} release.`,
    );
  }
  const found = fs.existsSync(path.join(given, 'VERSION'))
    ? fs.readFileSync(path.join(given, 'VERSION'), 'utf8').trim()
    : 'unknown';
  if (!found.startsWith(`${version}-`)) {
    throw new BuildError(
      `JEMALLOC_SOURCE ${given} is jemalloc ${found}, not ${version}; name a folder of that version.`,
    );
  }
  return { sha: hashFolder(given), folder: given };
}

/** The release tarball from the network: upstream, or the source package of the system's own archive. */
async function fetchTarball() {
  let upstreamTrouble;
  try {
    const response = await fetch(upstream, { signal: AbortSignal.timeout(upstreamTimeoutMs) });
    if (response.ok) return checkedTarball(Buffer.from(await response.arrayBuffer()), upstream);
    upstreamTrouble = `HTTP ${response.status}`;
  } catch (error) {
    if (error instanceof BuildError) throw error;
    upstreamTrouble = error.cause?.code ?? error.name;
  }
  return withTempDir((dir) => {
    const aptTrouble = aptFetch('deb-src', ['source', '--download-only', 'jemalloc'], dir);
    const tarball = fs.readdirSync(dir).find((name) => /^jemalloc_.*\.orig\.tar\.\w+$/.test(name));
    if (aptTrouble || !tarball) {
      throw new BuildError(
        `cannot get the jemalloc ${version} source: the upstream release is unreachable (${upstreamTrouble}) and ` +
          `${aptTrouble ?? 'the Debian source package has no tarball'}; download ${upstream} and set JEMALLOC_SOURCE to it.`,
      );
    }
    return checkedTarball(fs.readFileSync(path.join(dir, tarball)), `the Debian source ${tarball}`);
  });
}

/** Unpacks with python3, which node-gyp needs anyway: bzip2 need not be installed. */
function unpack(tarball, dir) {
  const file = path.join(dir, 'jemalloc.tar.bz2');
  fs.writeFileSync(file, tarball);
  const script = 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])';
  const result = run('python3', ['-W', 'ignore', '-c', script, file, dir]);
  if (!result.ok) {
    throw new BuildError(
      `cannot unpack the jemalloc source with python3 (${lastLines(result.output, 1) || result.error?.code}); ` +
        'install python3 with its bz2 module (Debian, Fedora: package python3).',
    );
  }
  return path.join(dir, `jemalloc-${version}`);
}

function build(source, compiler, flags, target, verbose) {
  const env = { ...process.env, CC: compiler, CFLAGS: cflags, EXTRA_CFLAGS: '', LC_ALL: 'C' };
  const jobs = String(os.availableParallelism());
  const steps = [
    ['sh', ['./configure', ...flags]],
    ['make', ['-j', jobs, 'lib/libjemalloc_pic.a']],
  ];
  for (const [command, args] of steps) {
    // Standard output carries only the answer of --print: what the steps print goes to stderr.
    const result = run(command, args, {
      cwd: source,
      env,
      ...(verbose && { stdio: ['ignore', 2, 2] }),
    });
    if (!result.ok) {
      process.stderr.write(`${lastLines(result.output, 40)}\n`);
      throw new BuildError(
        `jemalloc ${version} does not build (${[command, ...args].slice(0, 2).join(' ')}, output above); ` +
          'check that the C compiler and make work (Debian: build-essential, Fedora: gcc make).',
      );
    }
  }
  for (const file of outputs) {
    fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true });
    fs.copyFileSync(path.join(source, file), path.join(target, file));
  }
}

function compilerIdentity(compiler) {
  const result = run('sh', ['-c', `${compiler} --version && ${compiler} -dumpmachine`]);
  if (!result.ok) {
    throw new BuildError(
      `the C compiler ${compiler} is missing; install it (Debian: build-essential, Fedora: gcc) or set CC.`,
    );
  }
  return result.stdout;
}

/** Returns the folder that holds the built library, building it first if the cache has none. */
export async function ensureJemalloc({ verbose = false } = {}) {
  const compiler = process.env.CC || 'cc';
  const host = process.env.JEMALLOC_HOST;
  const flags = host ? [...configureFlags, ...crossFlags, `--host=${host}`] : configureFlags;
  const given = givenSource();
  const inputs = [given?.sha ?? tarballSha256, cflags, ...flags, ...outputs];
  inputs.push(compilerIdentity(compiler));
  const key = sha256(inputs.join('\n')).slice(0, 16);
  return cached(`jemalloc-${version}-${key}`, (target) =>
    withTempDir(async (dir) => {
      process.stderr.write(`shared-heap: building jemalloc ${version} (once for this compiler)\n`);
      let source = path.join(dir, 'source');
      if (given?.folder) fs.cpSync(given.folder, source, { recursive: true });
      else source = unpack(given?.tarball ?? (await fetchTarball()), dir);
      build(source, compiler, flags, target, verbose);
    }),
  );
}

if (isMain(import.meta)) {
  await runMain(async () => {
    const dir = await ensureJemalloc({ verbose: process.argv.includes('--verbose') });
    if (process.argv.includes('--print')) process.stdout.write(`${dir}\n`);
  });
}
