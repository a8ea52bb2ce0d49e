// Where and with what it was measured, and the results as a Markdown table.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { root } from './paths.mjs';

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
    peers: Object.fromEntries(['lmdb', 'sharedmap'].map((name) => [name, versionOf(name)])),
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
  const end = entry.lastIndexOf(`${path.sep}${name}${path.sep}`) + name.length + 2;
  const manifest = path.join(entry.slice(0, end), 'package.json');
  return JSON.parse(fs.readFileSync(manifest, 'utf8')).version;
}

const titles = new Map();
async function titleOf(peer) {
  if (!titles.has(peer)) {
    const source = fs.readFileSync(path.join(import.meta.dirname, 'peers', `${peer}.mjs`), 'utf8');
    titles.set(peer, /export const title = '(.*)'/.exec(source)[1]);
  }
  return titles.get(peer);
}

const digits = (value) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
const show = (value) => value.toFixed(digits(value));

function showSpread({ median, min, max, samples }) {
  return samples.length === 1 ? show(median) : `${show(median)} (${show(min)}..${show(max)})`;
}

function showRatio({ median }) {
  return median >= 1 ? `${show(median)}x longer` : `${show(1 / median)}x faster`;
}

function showBound(bound) {
  if (!bound) return ['', ''];
  const text = bound.atMost !== undefined ? `at most ${bound.atMost}` : `${bound.atLeast}x ahead`;
  return [
    bound.peer ? text.replace(/^(at most .*)$/, '$1x') : text,
    bound.reached ? 'yes' : '**no**',
  ];
}

/** A line for each comparison; a case without any has one line. */
export async function toMarkdown({ machine, results }) {
  const lines = [
    `Node ${machine.node} (V8 ${machine.v8}), ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}; ` +
      `commit ${machine.commit}, ${machine.date.slice(0, 10)}; ` +
      `lmdb ${machine.peers.lmdb}, sharedmap ${machine.peers.sharedmap}; ` +
      `load ${machine.load.toFixed(1)} at the start.`,
    '',
    `Medians of ${machine.rounds} interleaved rounds (smallest..largest); a ratio is the median over the ` +
      'rounds of two times taken side by side. Where no unit is said: nanoseconds an operation.',
    '',
    '| work | shared-heap | compared with | its time | ratio | bound | reached |',
    '| --- | ---: | --- | ---: | ---: | ---: | --- |',
  ];
  for (const result of results) lines.push(...(await caseLines(result)));
  return `${lines.join('\n')}\n`;
}

async function caseLines({ title, unit, rows, bounds }) {
  const [subject, ...others] = rows;
  const name = unit === 'ns' || unit === 'B' ? title : `${title}, ${unit}`;
  const own = bounds.find(({ peer }) => peer === undefined);
  const lines = [];
  if (own || others.length === 0)
    lines.push([name, showSpread(subject), '', '', '', ...showBound(own)]);
  for (const row of others) {
    const bound = bounds.find(({ peer }) => peer === row.peer);
    const isFirst = lines.length === 0;
    const peer = await titleOf(row.peer);
    lines.push([
      isFirst ? name : '',
      isFirst ? showSpread(subject) : '',
      row.isFloor ? `${peer} (floor)` : peer,
      showSpread(row),
      unit === 'B' ? `${show(row.ratio.median)}` : showRatio(row.ratio),
      ...showBound(bound),
    ]);
  }
  return lines.map((cells) => `| ${cells.join(' | ')} |`);
}
