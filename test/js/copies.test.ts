// Several copies of the package in one process, each in a folder of its own: one heap, or none.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Copy } from './package-copy';
import { copyPackage } from './package-copy';
import { addonFile, commonJsFile, runNode } from './support';

const original: Copy = { main: commonJsFile, addon: addonFile };
const second = copyPackage({ withAddon: true });
const third = copyPackage({ withAddon: true });

/** What the addon was built with. */
function interfaceHash(): string {
  const script = join(__dirname, '..', '..', 'scripts', 'gyp.mjs');
  return execFileSync(process.execPath, [script, 'interface'], { encoding: 'utf8' }).trim();
}

/** What a program prints that finds the copies as a, b, ... */
function run(copies: readonly Copy[], program: string): unknown {
  const files = copies.map(({ main }) => main);
  return JSON.parse(
    runNode(['-e', `const files = ${JSON.stringify(files)};\n${program}`]),
  ) as unknown;
}

const exchange = `
  const [a, b] = files.map((file) => require(file));
  const map = a.MapRef.from({ number: 1 }).set('text', b.StringRef.from('from b').move());
  const Shape = { x: 'number', name: 'string' };
  const point = new a.StructFactory(Shape).new({ x: 1, name: 'a' });
  new b.StructFactory(Shape).attach(point.id).x = 42;
  new b.MapRef(map.id).add('number', 4);
  const number = b.NumberRef.named('count', 7);
  const result = {
    distinct: a.MapRef !== b.MapRef,
    number: map.get('number'),
    text: map.get('text').obtainValue(),
    x: point.x,
    named: a.names.get('count').obtainValue(),
    objects: [a.heap.stats().objects, b.heap.stats().objects],
    environments: a.heap.stats().environments,
    reserved: a.heap.stats().reserved === b.heap.stats().reserved,
  };
  point.drop(); map.drop(); b.names.delete('count');
  try { new b.MapRef(map.id); } catch (error) { result.code = error.code; result.isB = error instanceof b.SharedHeapError; }
  console.log(JSON.stringify({ ...result, sound: b.heap.verify().ok, left: b.heap.stats().objects }));`;

test.each([
  ['the original first', [original, second]],
  ['the copy first', [second, original]],
  ['two copies', [second, third]],
])('%s: one heap, ids go both ways', (_, copies) => {
  expect(run(copies, exchange)).toEqual({
    distinct: true,
    number: 5,
    text: 'from b',
    x: 42,
    named: 7,
    objects: [4, 4],
    environments: 2,
    reserved: true,
    code: 'ERR_USE_AFTER_FREE',
    isB: true,
    sound: true,
    left: 0,
  });
});

test("a scope is its copy's alone: claims that the other takes, or takes over, are none of its", () => {
  const result = run(
    [original, second],
    `
    const [a, b] = files.map((file) => require(file));
    const map = new b.MapRef();
    const scope = a.heap.scope();
    const own = b.StringRef.from('of b');
    map.set('one', a.StringRef.from('moved').move());
    map.update('several', () => a.StringRef.from('moved').move());
    const vector = b.VectorRef.from([]);
    vector.push(...Array.from({ length: 2000 }, () => a.StringRef.from('moved').move()));
    const taken = [map.acquire('one'), map.acquire('several'), vector.acquire(1999)];
    const rest = a.StringRef.from('of the scope');
    scope.end();
    map.drop(); vector.drop();
    const texts = [own, ...taken].map((ref) => ref.isAlive && ref.obtainValue());
    for (const ref of [own, ...taken]) ref[Symbol.dispose]();
    console.log(JSON.stringify({ texts, rest: rest.isAlive, sound: a.heap.verify().ok, left: b.heap.stats().objects }));`,
  );
  const texts = ['of b', 'moved', 'moved', 'moved'];
  expect(result).toEqual({ texts, rest: false, sound: true, left: 0 });
});

test('copies loaded first by workers, all at once: one heap', () => {
  const result = run(
    [original, second, third],
    `
    const { Worker } = require('node:worker_threads');
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const source = \`
      const { workerData: { file, gate }, parentPort } = require('node:worker_threads');
      require('node:fs').readFileSync(file); // nothing else is to be waited for behind the gate
      Atomics.add(gate, 0, 1); Atomics.notify(gate, 0);
      Atomics.wait(gate, 1, 0);
      const { MapRef, names } = require(file);
      const counts = MapRef.named('counts');
      for (let i = 0; i < 1000; i++) counts.add(i % 10, 1);
      parentPort.postMessage(counts.id);\`;
    const workers = [...files, ...files].map((file) => new Worker(source, { eval: true, workerData: { file, gate } }));
    for (let n = 0; (n = Atomics.load(gate, 0)) < workers.length;) Atomics.wait(gate, 0, n);
    Atomics.store(gate, 1, 1); Atomics.notify(gate, 1);
    const ids = workers.map((worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)));
    Promise.all(ids).then(async (ids) => {
      await Promise.all(workers.map((worker) => worker.terminate()));
      const { MapRef, heap } = require(files[2]);
      const counts = new MapRef(ids[0]);
      console.log(JSON.stringify({ same: new Set(ids).size, counts: [...counts.values()], sound: heap.verify().ok }));
    });`,
  );
  expect(result).toEqual({ same: 1, counts: Array(10).fill(600), sound: true });
});

/** A copy with a few bytes of its addon changed. */
function doctor(change: (addon: Buffer) => void): Copy {
  const copy = copyPackage({ withAddon: true });
  const bytes = readFileSync(copy.addon);
  change(bytes);
  writeFileSync(copy.addon, bytes);
  return copy;
}

describe('a copy that does not fit', () => {
  const anotherLayout = doctor((addon) => {
    // csrc/binding/copies.cc: a name of 16 bytes, the version of the record, that of the layout.
    const record = addon.indexOf('shared-heap cpy\0\x01\0\0\0', 'latin1');
    expect(addon.readUInt32LE(record + 20)).toBe(1);
    addon.writeUInt32LE(2, record + 20);
  });
  const anotherInterface = doctor((addon) => {
    const hash = interfaceHash();
    addon.write('0123456789abcdef', addon.indexOf(hash));
    expect(addon.includes(hash)).toBe(false);
  });

  const refused = `
    const first = require(files[0]);
    const text = first.StringRef.from('kept');
    const result = {};
    try { require(files[1]); } catch ({ name, code, message }) { Object.assign(result, { name, code, message }); }
    console.log(JSON.stringify({ ...result, text: text.obtainValue(), objects: first.heap.stats().objects }));`;

  test.each([
    ['another layout', [anotherLayout, original], /layout 2, .*layout 1, /],
    ['another interface', [anotherInterface, original], /interface 0123456789abcdef\).*interface /],
    ['and the other way round', [original, anotherInterface], /interface .*interface 0123456789ab/],
  ])('%s: the second is refused with both paths, the first works on', (_, copies, difference) => {
    const result = run(copies, refused) as { message: string };
    expect(result).toMatchObject({
      name: 'SharedHeapError',
      code: 'ERR_INCOMPATIBLE_COPY',
      text: 'kept',
      objects: 1,
    });
    expect(result.message).toContain(`loaded is ${copies[0]!.addon} (version `);
    expect(result.message).toContain(`refused is ${copies[1]!.addon} (version `);
    expect(result.message).toMatch(difference);
  });

  test('in a worker the main thread is not disturbed', () => {
    const result = run(
      [anotherLayout, original],
      `
      const { StringRef } = require(files[0]);
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(files[1]);
      worker.once('error', ({ message }) => worker.once('exit', () => {
        const isRefused = message.includes('cannot share one heap');
        console.log(JSON.stringify({ isRefused, text: StringRef.from('x').obtainValue() }));
      }));`,
    );
    expect(result).toEqual({ isRefused: true, text: 'x' });
  });
});
