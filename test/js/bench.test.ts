// The benchmark: every case runs, with hardly any work, and does the same work with every peer. What it
// measures is not looked at.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

interface Result {
  name: string;
  rows: { peer: string; failure?: string }[];
  checksums: { equal: boolean; seen: Record<string, string> };
}

const out = mkdtempSync(join(tmpdir(), 'shared-heap-bench-'));
afterAll(() => {
  rmSync(out, { recursive: true, force: true });
});

const read = (name: string): string => readFileSync(join(out, name), 'utf8');

test('every case runs, and all peers come to the same checksum', async () => {
  const run = join(__dirname, '../../bench/run.mjs');
  await promisify(execFile)(process.execPath, [run, '--quick', '--out', out]);
  const major = process.versions.node.split('.')[0]!;
  const { results } = (JSON.parse(read('results.json')) as Record<string, { results: Result[] }>)[
    major
  ]!;
  expect(results.length).toBeGreaterThan(50);
  expect(results.filter(({ checksums }) => !checksums.equal)).toEqual([]);
  // The engine's own experiment may crash: then the benchmark says so.
  const failed = results.flatMap(({ name, rows }) =>
    rows
      .filter(({ peer, failure }) => failure !== undefined && peer !== 'shared-struct')
      .map(({ peer, failure }) => `${name}, ${peer}: ${failure!}`),
  );
  expect(failed).toEqual([]);
  expect(read('results.md')).toContain(`**Node ${process.versions.node}**`);
  expect(read('results.svg')).toMatch(/^<svg [^]*<\/svg>\n$/);
}, 240_000);
