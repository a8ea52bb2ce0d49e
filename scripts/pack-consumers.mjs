// Programs that use the installed package, for pack-check.mjs: each is written into the project, run there, and must
// print what is expected.
import fs from 'node:fs';
import path from 'node:path';
import { lastLines, root, run } from './support.mjs';

const node = (file) => (project, env) => run(process.execPath, [file], { cwd: project, env });

/** Compiles the project, then runs what has come out of it. */
const tscThenNode = (file) => (project, env) => {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const compiled = run(process.execPath, [tsc, '--project', '.'], { cwd: project, env });
  return compiled.ok ? node(file)(project, env) : compiled;
};

/** The package's command: without an argument how to use it, and what it says where nothing can be compiled. */
const command = (argument) => (project, env) => {
  const file = path.join(project, 'node_modules/.bin/shared-heap');
  const { stdout, output } = run(process.execPath, [file, ...argument], { cwd: project, env });
  return { ok: true, stdout: output, output: stdout };
};

// Which binary the loader took.
const loaded = `process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'))
  .map((file) => file.split('/').slice(-3).join('/')).join()`;
const binary = `prebuilds/linux-${process.arch}/shared-heap.glibc.node`;

// As little as a user may have: no types of Node.js or of a browser, no newer library; all declarations are checked.
const tsconfig = (module, file) =>
  JSON.stringify({
    compilerOptions: {
      module,
      target: 'es2022',
      lib: ['es2022'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      outDir: 'out',
    },
    files: [file],
  });

const typed = `
  import { MapRef, StructFactory, type Struct } from 'shared-heap';
  declare const console: { log(...values: unknown[]): void };
  const map: MapRef<string, number> = MapRef.from({ a: 1 });
  const value: number | undefined = map.get('a');
  const Point = new StructFactory({ x: 'number', label: 'string' });
  const point = Point.new({ x: 2, label: 'p' });
  const label: string = point.label;
  // @ts-expect-error -- a text is no number
  export const refused = (): void => void (point.x = 'text' as string);
  // @ts-expect-error -- nothing of Node.js is known here
  export type Unknown = Buffer;
  // @ts-expect-error -- nothing of browsers is known here
  export type UnknownToo = Document;
  console.log(value, label, typeof (point satisfies Struct<{ x: 'number'; label: 'string' }>));`;

const typescript = (module, file, output) => ({
  name: `TypeScript, ${file} with module ${module}`,
  files: { [file]: typed, 'tsconfig.json': tsconfig(module, file) },
  run: tscThenNode(output),
  prints: '1 p object\n',
});

const programs = [
  {
    name: 'ESM',
    files: {
      'main.mjs': `
        import { MapRef, heap, isSupported } from 'shared-heap';
        const map = MapRef.from({ apple: 3 });
        map.add('apple', 2);
        console.log(isSupported, map.get('apple'), ${loaded});
        map.drop();
        console.log(heap.stats().objects, heap.verify().ok);`,
    },
    run: node('main.mjs'),
    prints: `true 5 ${binary}\n0 true\n`,
  },
  {
    name: 'CommonJS',
    files: {
      'main.cjs': `
        const { StringRef, StructFactory, share } = require('shared-heap');
        const { version } = require('shared-heap/package.json');
        const point = new StructFactory({ x: 'number' }).new({ x: 42 });
        console.log(StringRef.from('text').obtainValue(), point.x, share([1, 2]).length, typeof version);`,
    },
    run: node('main.cjs'),
    prints: 'text 42 2 string\n',
  },
  {
    name: 'worker threads',
    files: {
      'workers.mjs': `
        import { Worker, isMainThread, workerData } from 'node:worker_threads';
        import { once } from 'node:events';
        import { MapRef } from 'shared-heap';
        if (isMainThread) {
          const counts = new MapRef();
          const options = { workerData: counts.id };
          const workers = [1, 2, 3].map(() => new Worker(new URL(import.meta.url), options));
          await Promise.all(workers.map((worker) => once(worker, 'exit')));
          console.log(counts.get('n'));
        } else {
          const counts = new MapRef(workerData);
          for (let i = 0; i < 1000; i++) counts.add('n', 1);
        }`,
    },
    run: node('workers.mjs'),
    prints: '3000\n',
  },
  typescript('nodenext', 'main.mts', 'out/main.mjs'),
  typescript('nodenext', 'main.cts', 'out/main.cjs'),
  typescript('commonjs', 'main.ts', 'out/main.js'),
  {
    name: 'the command without an argument',
    run: command([]),
    prints: 'usage: shared-heap build [--verbose]    compiles the addon on this machine\n',
  },
  {
    name: 'the command without a compiler',
    run: command(['build']),
    prints:
      'shared-heap: cannot be built without a C compiler, a C++ compiler, make, python3 (looked for cc, c++, make, python3); ' +
      'install with "apt-get install gcc g++ make python3" (Debian) or "dnf install gcc gcc-c++ make python3" (Fedora).\n',
  },
];

/** `run` returns what is wrong, as sentences. */
export const consumers = programs.map(({ name, files = {}, run: start, prints }) => ({
  name,
  run(project, env) {
    for (const [file, text] of Object.entries(files)) {
      fs.writeFileSync(path.join(project, file), text);
    }
    const { ok, stdout, output } = start(project, env);
    if (!ok) return [lastLines(output, 20)];
    return stdout === prints ? [] : [`prints ${JSON.stringify(stdout)}`];
  },
}));
