// What the build scripts share: one way to fail, one cache, one way to ask the system's package archive.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const root = path.dirname(import.meta.dirname);

/** An expected failure: its message is one sentence that says what to do, shown without a stack. */
export class BuildError extends Error {}

/** Runs a script's main function; a BuildError becomes its sentence on stderr and exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.stderr.write(`shared-heap: ${error.message}\n`);
    process.exitCode = 1;
  }
}

/** True when `meta` is the `import.meta` of the script that node was started with. */
export function isMain(meta) {
  return process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === meta.filename;
}

export function cacheDir() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const dir = path.join(base, 'shared-heap');
  try {
    fs.mkdirSync(dir, { recursive: true });
    fs.accessSync(dir, fs.constants.W_OK);
  } catch (error) {
    throw new BuildError(
      `cannot write to the cache folder ${dir} (${error.code}); set XDG_CACHE_HOME to a folder that you can write to.`,
    );
  }
  return dir;
}

/**
 * Returns `<cache>/<name>`, made by `fill(tempDir)` if it is not there yet. The folder appears whole or not at
 * all: it is filled under another name and renamed, so that two builds at once and an interrupted one are harmless.
 */
export async function cached(name, fill) {
  const dir = path.join(cacheDir(), name);
  if (fs.existsSync(dir)) return dir;
  const temporary = fs.mkdtempSync(`${dir}.tmp-`);
  try {
    await fill(temporary);
    fs.chmodSync(temporary, 0o755);
    try {
      fs.renameSync(temporary, dir);
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  return dir;
}

export async function withTempDir(use) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'shared-heap-'));
  try {
    return await use(dir);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a command and collects what it prints; `ok` is false also when it could not be started or timed out. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  return {
    ok: result.status === 0,
    stdout: result.stdout ?? '',
    output: `${result.stdout ?? ''}${result.stderr ?? ''}`,
    error: result.error,
  };
}

export function lastLines(text, count) {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** What is unpacked must match the system's libc, so that a cache that outlives an upgrade is not used again. */
export function debianRelease() {
  const release = fs.readFileSync('/etc/os-release', 'utf8');
  return /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1] ?? 'unnamed';
}

// Repositories of Debian and Ubuntu themselves; anything else a machine has configured is none of our business.
const archiveUri = /\/(?:debian|debian-security|ubuntu|ubuntu-ports)(?:\/|\.list)?$/;
const debianUri = /\/debian\/?$/;

function oneLineEntries(text) {
  const entries = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (!match) continue;
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(match[1] ?? '')?.[1];
    const components = match[4].trim().split(/\s+/);
    entries.push({ uris: [match[2]], suites: [match[3]], components, signedBy });
  }
  return entries;
}

function deb822Entries(text) {
  const entries = [];
  for (const stanza of text.replace(/^#.*\n?/gm, '').split(/\n\s*\n/)) {
    const fields = new Map();
    let name;
    for (const line of stanza.split('\n')) {
      const field = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (field) {
        name = field[1].toLowerCase();
        fields.set(name, field[2]);
      } else if (name && /^\s+\S/.test(line)) {
        fields.set(name, `${fields.get(name)}\n${line}`);
      }
    }
    const words = (key) => (fields.get(key) ?? '').split(/\s+/).filter(Boolean);
    if (words('uris').length === 0 || /^(?:no|false)$/i.test(fields.get('enabled') ?? '')) continue;
    entries.push({
      uris: words('uris'),
      suites: words('suites'),
      components: words('components'),
      signedBy: fields.get('signed-by'),
    });
  }
  return entries;
}

/**
 * The system's own Debian or Ubuntu entries (component main only) as deb822 text of the wanted type; with `release` its
 * Debian archive at that release.
 */
function archiveSources(type, release) {
  const etc = '/etc/apt';
  const files = [path.join(etc, 'sources.list')];
  const parts = path.join(etc, 'sources.list.d');
  if (fs.existsSync(parts)) {
    files.push(...fs.readdirSync(parts).map((name) => path.join(parts, name)));
  }
  const stanzas = new Set();
  for (const file of files) {
    if (!/\.(?:list|sources)$/.test(file) || !fs.existsSync(file)) continue;
    const text = fs.readFileSync(file, 'utf8');
    const entries = file.endsWith('.sources') ? deb822Entries(text) : oneLineEntries(text);
    for (const { uris, suites, components, signedBy } of entries) {
      const wanted = uris.filter((uri) => (release ? debianUri : archiveUri).test(uri));
      if (wanted.length === 0 || !components.includes('main')) continue;
      const fields = [
        `Types: ${type}`,
        `URIs: ${wanted.join(' ')}`,
        `Suites: ${release ?? suites.join(' ')}`,
        'Components: main',
      ];
      if (signedBy) fields.push(`Signed-By: ${signedBy}`);
      stanzas.add(fields.join('\n'));
    }
  }
  return [...stanzas].join('\n\n');
}

/**
 * Downloads with apt-get into `dir`: `args` is an apt-get command such as `['source', '--download-only', 'x']`.
 * All state is private to `dir`, so that no root is needed and nothing on the system changes. With `release` from
 * that release of Debian, whatever this system's is.
 * Returns what went wrong as a short phrase, or undefined.
 */
export function aptFetch(type, args, dir, release) {
  if (!run('apt-get', ['--version']).ok) return 'there is no apt-get here';
  const sources = archiveSources(type, release);
  if (sources === '') return 'apt has no Debian or Ubuntu archive configured';

  const state = path.join(dir, 'apt');
  for (const sub of ['lists/partial', 'cache/archives/partial', 'sources.d']) {
    fs.mkdirSync(path.join(state, sub), { recursive: true });
  }
  fs.writeFileSync(path.join(state, 'sources.d', 'archive.sources'), `${sources}\n`);
  fs.writeFileSync(
    path.join(state, 'apt.conf'),
    [
      `Dir::State::Lists "${state}/lists";`,
      `Dir::Cache "${state}/cache";`,
      `Dir::Etc::SourceList "/dev/null";`,
      `Dir::Etc::SourceParts "${state}/sources.d";`,
      'Acquire::Languages "none";',
      'Acquire::Retries "2";',
      'Acquire::http::Timeout "30";',
      // The temporary folder is private to this user, apt's own download user could not write to it.
      'APT::Sandbox::User "";',
      // Hooks of the system (container images clear the system's package cache in one) are not ours to run.
      '#clear APT::Update::Pre-Invoke;',
      '#clear APT::Update::Post-Invoke;',
      '#clear APT::Update::Post-Invoke-Success;',
      '#clear DPkg::Post-Invoke;',
      '',
    ].join('\n'),
  );
  const apt = (command) =>
    run('apt-get', ['-q', '-c', path.join(state, 'apt.conf'), ...command], {
      cwd: dir,
      timeout: 300_000,
      env: { ...process.env, LC_ALL: 'C' },
    });
  for (const command of [['update'], args]) {
    const result = apt(command);
    if (!result.ok) {
      const reason = /^(?:E|W): (.*)$/m.exec(result.output)?.[1] ?? 'it gave no reason';
      return `apt-get ${command[0]} failed: ${reason}`;
    }
  }
  return undefined;
}
