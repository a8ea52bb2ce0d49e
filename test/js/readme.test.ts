// Runs the code of README.md, of the pages in docs/migration, and of the README of the package that this one replaces,
// as programs of their own against dist/. What a program prints must be what the comments behind its console.log calls
// say.
//
// A block is a program, unless its first line is a file name in a comment: then the blocks from `// main...` up to the
// next one are the files of a program. Ids in comments stand for any id.
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as sharedHeap from 'shared-heap';

const root = join(__dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const migration = join(root, 'docs', 'migration');
const original = readFileSync(join(__dirname, 'fixtures', 'original-readme.txt'), 'utf8');

interface Program {
  title: string;
  files: Map<string, string>;
}

interface Outcome {
  lines: string[];
  errors: string;
  code: number | null;
}

function programsOf(text: string): Program[] {
  const programs: Program[] = [];
  for (const [, code] of text.matchAll(/^```js\n(.*?)^```$/gms)) {
    const source = code!;
    const name = /^\/\/ (\w+\.m?js)\n/.exec(source)?.[1];
    if (name === undefined || name.startsWith('main.')) {
      const title = `${programs.length + 1}: ${source.split('\n').find((line) => /^(?:const|await|\w+Ref)\b/.test(line)) ?? ''}`;
      programs.push({ title, files: new Map() });
    }
    programs.at(-1)!.files.set(name ?? 'main.mjs', source);
  }
  return programs;
}

/** The comments behind console.log calls, all files together. */
function commentsOf({ files }: Program): string[] {
  return [...files.values()].flatMap((source) =>
    [...source.matchAll(/^.*\bconsole\.log\(.*?\);? \/\/ (.*)$/gm)].map(([, comment]) => comment!),
  );
}

const expectedError = /^(?:throws (\w+)|Thrown Error \('(.*)'\))$/;

function expectationsOf(program: Program): { lines: string[]; error: string | undefined } {
  const lines: string[] = [];
  let error: string | undefined;
  for (const comment of commentsOf(program)) {
    const match = expectedError.exec(comment);
    if (match === null) lines.push(plain(comment));
    else error = match[1] ?? match[2];
  }
  return { lines, error };
}

/** Quotes around a comment are not printed; an id is any id; refs may be shown without their class. */
function plain(line: string): string {
  return line
    .replace(/^(["'])(.*)\1$/, '$2')
    .replace(/^\w+ (?=\{ id: \d+ \}$)/, '')
    .replace(/\bid: \d+/g, 'id: 342');
}

/** In the pages on migration, code from before imports the original's name: it gets this package too. */
const packageNames = ['shared-heap', '@alshdavid/worker-shared-memory'];

/** Runs a program until it ends or, if it never would, until it has printed as many lines as are awaited. */
async function run({ files }: Program, endsItself: boolean, awaited: number): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'shared-heap-readme-'));
  try {
    for (const name of packageNames) {
      const link = join(dir, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(root, link);
    }
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    for (const [name, source] of files) writeFileSync(join(dir, name), source);
    const [main] = files.keys();
    return await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [main!], { cwd: dir, timeout: 30_000 });
      let output = '';
      let errors = '';
      child.stdout.setEncoding('utf8');
      child.stderr.setEncoding('utf8');
      child.stderr.on('data', (text: string) => {
        errors += text;
      });
      child.stdout.on('data', (text: string) => {
        output += text;
        if (!endsItself && linesOf(output).length >= awaited) child.kill();
      });
      child.on('error', reject);
      child.on('close', (code) => {
        resolve({ lines: linesOf(output), errors, code });
      });
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function linesOf(output: string): string[] {
  return output.split('\n').slice(0, -1);
}

async function check(program: Program, endsItself: boolean): Promise<void> {
  const { lines, error } = expectationsOf(program);
  const outcome = await run(program, endsItself, lines.length);
  const printed = outcome.lines.map(plain);
  // Threads print in any order.
  if (program.files.size > 1) expect(printed.sort()).toEqual(lines.sort());
  else expect(printed).toEqual(lines);
  if (error === undefined) {
    expect(outcome.errors).toBe('');
    if (endsItself) expect(outcome.code).toBe(0);
  } else {
    expect(outcome.errors).toContain(error);
    expect(outcome.code).toBe(1);
  }
}

describe('README.md', () => {
  const programs = programsOf(readme);

  test('every program shows what it does', () => {
    expect(programs.length).toBeGreaterThan(5);
    for (const program of programs) expect(commentsOf(program)).not.toEqual([]);
  });

  test.each(programs.map((program) => [program.title, program] as const))('%s', (_, program) =>
    check(program, true),
  );
});

describe.each(readdirSync(migration))('docs/migration/%s', (page) => {
  const text = readFileSync(join(migration, page), 'utf8');
  const programs = programsOf(text);

  test('every program shows what it does', () => {
    expect(programs.length).toBeGreaterThan(5);
    for (const program of programs) expect(commentsOf(program)).not.toEqual([]);
  });

  test('links lead somewhere', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)/g)].map(([, link]) => link!);
    for (const link of links) expect(existsSync(join(migration, link))).toBe(true);
    expect(readme).toContain(`(docs/migration/${page})`);
  });

  test.each(programs.map((program) => [program.title, program] as const))('%s', (_, program) =>
    check(program, true),
  );
});

describe('the README of worker-shared-memory', () => {
  const programs = programsOf(original);

  test('is there', () => {
    expect(programs).toHaveLength(6);
  });

  test.each(programs.map((program) => [program.title, program] as const))('%s', (_, program) => {
    for (const [name, source] of program.files) {
      // Its struct blocks leave out their imports.
      if (/^import /m.test(source)) continue;
      const imports = "import { StructDefinition, StructFactory } from 'shared-heap'\n";
      program.files.set(name, imports + source);
    }
    // Its worker listens for ever.
    return check(program, program.files.size === 1);
  });
});

describe('the lists of README.md', () => {
  const words = new Set(readme.match(/[\w$]+/g));

  test('every export', () => {
    const missing = Object.keys(sharedHeap).filter((name) => !words.has(name));
    expect(missing).toEqual([]);
  });

  test('every member of every class', () => {
    const classes = Object.values(sharedHeap).filter((value) => typeof value === 'function');
    const missing = classes.flatMap((cls) =>
      [cls, cls.prototype]
        .flatMap((object) => Object.getOwnPropertyNames(object))
        .filter((name) => !['length', 'name', 'prototype', 'constructor'].includes(name))
        .filter((name) => !words.has(name))
        .map((name) => `${cls.name}.${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('every member of heap and names', () => {
    const members = [sharedHeap.heap, sharedHeap.names].flatMap((object) => Object.keys(object));
    expect(members.filter((name) => !words.has(name))).toEqual([]);
  });

  test('every error code, and no other', () => {
    const binding = ['bytes.cc', 'error.cc', 'addon.cc'].map((name) => `csrc/binding/${name}`);
    const sources = ['csrc/core/error.h', ...binding, 'ts/errors.ts', 'ts/native.ts'];
    const codes = sources.flatMap(
      (file) => readFileSync(join(root, file), 'utf8').match(/\bERR_\w+/g) ?? [],
    );
    const listed = readme.match(/\bERR_\w+/g) ?? [];
    expect([...new Set(listed)].sort()).toEqual([...new Set(codes)].sort());
  });
});
