// A machine that the package has no binary for: everything can be imported, nothing can be used.
import { writeFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { copyPackage } from './package-copy';
import { runNode } from './support';
import * as sharedHeap from 'shared-heap';

const empty = copyPackage({ withAddon: false });

interface Refusal {
  name: string;
  code: string;
  message: string;
}

function report(prelude: string, main: string, expression: string): Refusal {
  const program = `
    ${prelude}
    const heap = require(${JSON.stringify(main)});
    try { ${expression}; console.log('{}'); }
    catch ({ name, code, message }) { console.log(JSON.stringify({ name, code, message })); }`;
  return JSON.parse(runNode(['-e', program])) as Refusal;
}

const uses = [
  'new heap.StringRef()',
  'new heap.MapRef(1)',
  "heap.StringRef.from('x')",
  'heap.NumberRef.from(1)',
  'heap.MapRef.from({ a: 1 })',
  'heap.VectorRef.from([1, 2])',
  'heap.VectorRef.adopt({ id: 300 })',
  'heap.BufferRef.alloc(8)',
  'heap.BufferRef.from(new Uint8Array(2))',
  "new heap.StructFactory({ x: 'number' })",
  "new heap.StructDefinition({ ref: heap.MapRef, other: 'any' })",
  'heap.share({ a: [1] })',
  'heap.refFromId(5)',
  "heap.names.get('x')",
  'heap.names.keys()',
  "heap.MapRef.named('x')",
  'heap.heap.stats()',
  'heap.heap.trim()',
  'heap.heap.verify()',
  'heap.configure({ limit: 2 ** 30 })',
];

test.each(uses)('%s says what is missing and what to do', (use) => {
  const { name, code, message } = report('', empty.main, use);
  expect({ name, code }).toEqual({ name: 'SharedHeapError', code: 'ERR_UNSUPPORTED_PLATFORM' });
  expect(message).toContain(`no binary that loads on linux ${process.arch}`);
  expect(message).toContain(`prebuilds/linux-${process.arch}/*.node`);
  expect(message).toContain('npx shared-heap build');
});

test('typeOf never throws here either', () => {
  expect(report('', empty.main, 'if (heap.typeOf(5) !== undefined) throw Error()')).toEqual({});
});

test('the message names the platform that it is', () => {
  const prelude = `
    Object.defineProperty(process, 'platform', { value: 'sunos' });
    Object.defineProperty(process, 'arch', { value: 'sparc' });`;
  const { message } = report(prelude, empty.main, 'heap.heap.stats()');
  expect(message).toContain('loads on sunos sparc');
  expect(message).toContain('prebuilds/sunos-sparc/*.node');
});

test('a binary that the loader refuses is none, and its reason is passed on', () => {
  const broken = copyPackage({ withAddon: false });
  mkdirSync(dirname(broken.addon), { recursive: true });
  writeFileSync(broken.addon, 'not an ELF file');
  const { code, message } = report('', broken.main, 'heap.heap.stats()');
  expect(code).toBe('ERR_UNSUPPORTED_PLATFORM');
  expect(message).toContain(broken.addon);
});

test('import finds every export, and isSupported tells', () => {
  const program = `
    import * as imported from ${JSON.stringify(pathToFileURL(empty.main.replace(/js$/, 'mjs')).href)};
    console.log(JSON.stringify({ names: Object.keys(imported), isSupported: imported.isSupported }));`;
  const { names, isSupported } = JSON.parse(runNode(['--input-type=module', '-e', program])) as {
    names: string[];
    isSupported: boolean;
  };
  expect(names).toEqual(expect.arrayContaining(Object.keys(sharedHeap)));
  expect(isSupported).toBe(false);
  expect(sharedHeap.isSupported).toBe(true);
});
