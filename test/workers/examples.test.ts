// Runs each example in its own folder by the line that its README gives, in a small size, and checks the table that it
// prints: the rows are those the README shows, the totals are right. The examples compare their results themselves,
// and end with an error if one differs.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');

type Table = Map<string, number[]>;

/** Lines of a name and, behind two or more spaces, figures. */
function tableOf(text: string): Table {
  const table: Table = new Map();
  for (const [, name, figures] of text.matchAll(/^( *\S.*?) {2,}(\d[\d,]*(?: +\d[\d,]*)*)$/gm)) {
    const numbers = figures!.split(/ +/).map((figure) => Number(figure.replaceAll(',', '')));
    table.set(name!.trim(), numbers);
  }
  return table;
}

function fenced(language: string, text: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(text)![1]!;
}

async function runExample(name: string, args: string): Promise<Table> {
  const cwd = join(root, 'examples', name);
  const readme = readFileSync(join(cwd, 'README.md'), 'utf8');
  const command = fenced('sh', readme).trim();
  const { stdout } = await promisify(execFile)('sh', ['-c', `${command} -- ${args}`], { cwd });
  const table = tableOf(stdout);
  expect([...table.keys()]).toEqual([...tableOf(fenced('text', readme)).keys()]);
  return table;
}

test('README.md lists the examples', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  for (const name of ['http-cache', 'live-config', 'piscina-dictionary', 'text-pipeline']) {
    expect(readme).toContain(`(examples/${name})`);
  }
});

test('piscina-dictionary', async () => {
  const table = await runExample('piscina-dictionary', '--words 2000 --texts 20 --threads 3');
  expect(Object.fromEntries(table)).toEqual({
    threads: [3],
    'words in the dictionary': [2000],
    'bytes of it, all threads together': [expect.any(Number)],
    'texts translated in each round': [20],
    'not found, first round': [200],
    'words added between the rounds': [20],
    'not found, second round': [0],
    'objects left in the heap': [0],
  });
});

test('http-cache', async () => {
  const table = await runExample('http-cache', '--requests 600 --threads 3');
  const column = (name: string) => table.get(name)!;
  for (const window of [0, 1]) {
    const figure = (name: string) => column(name)[window]!;
    expect(figure('requests')).toBe(600);
    expect(figure('refused')).toBeGreaterThan(0);
    expect(figure('from the cache')).toBeGreaterThan(0);
    expect(figure('from the cache') + figure('rendered')).toBe(figure('served'));
    expect(figure('served') + figure('refused')).toBe(600);
    expect(figure('served')).toBe(figure('allowed by the limit'));
    expect(figure('largest cache')).toBe(50);
  }
  expect(column('wrong pages')).toEqual([0, 0]);
  expect(column('beyond the bound')).toEqual([0, 0]);
  expect(column('objects left in the heap')).toEqual([0]);
});

test.each([
  ['drops what was used least recently', 'order'],
  ['keeps its bound, and every entry in order, whatever threads do', 'threads'],
])('the cache of http-cache %s', async (_, job) => {
  const file = join(__dirname, 'fixtures', 'shared-lru.mjs');
  await promisify(execFile)(process.execPath, [file, job]);
});

test('text-pipeline', async () => {
  const table = await runExample('text-pipeline', '--texts 12 --size 20000');
  expect(table.get('texts that went through')).toEqual([12]);
  expect(table.get('messages, of one number each')).toEqual([36]);
  // Sentences of 6 words and at most 32 characters, line end included.
  const [words] = table.get('words counted')!;
  expect(words! % 6).toBe(0);
  expect(words).toBeGreaterThan((12 * 6 * 20_000) / 32);
  expect(table.get('different words')).toEqual([12]);
  expect(table.get('objects in the heap, at most')![0]).toBeLessThanOrEqual(1 + 2 * 4);
  expect(table.get('objects left in the heap')).toEqual([0]);
});

test('live-config', async () => {
  const table = await runExample('live-config', '--reloads 60 --threads 3');
  expect(table.get('reloads')).toEqual([60]);
  expect(table.get('reads')![0]).toBeGreaterThanOrEqual(3);
  expect(table.get('reads that ended after the next reload')![0]).toBeGreaterThan(0);
  expect(table.get('reads that saw a mix of two configs')).toEqual([0]);
  expect(table.get('configs left when the readers had ended')).toEqual([1]);
  expect(table.get('objects left in the heap')).toEqual([0]);
});
