// Bodies in whatever window of the region (docs/view.md), regions smaller than one, and none to see.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Heap } from './support';
import { checkHeap, commonJsFile, inChild, native } from './support';

checkHeap();

const nativeFile = commonJsFile.replace('index.js', 'native.js');
const hasView = process.env.SHARED_HEAP_NO_VIEW !== '1';

describe('bodies in several windows', () => {
  /** Reserves so much that bodies begin a little below the end of the first window. */
  const reserveFor = (below: number): string => {
    const window = native.layout.windowBytes;
    // Header, slots (1/16), and 8 bytes for each 4096 of them.
    const sixteenth = Math.floor(((window - below - 65_536) * 512) / 513 / 65_536) * 65_536;
    return String(sixteenth * 16);
  };

  const script = (
    { MapRef, StructFactory, VectorRef, heap }: Heap,
    nativeFile: string,
  ): unknown => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- in the child process
    const { native } = require(nativeFile) as { native: import('../../types/native').Native };
    const { layout } = native;
    const buffer = native.viewWindow(0);
    const words = buffer === undefined ? undefined : new Uint32Array(buffer);
    /** Window of the first word of an object's body, and of its last. */
    const windowOf = (id: number, bytes: number): number[] => {
      if (words === undefined) return [];
      const at = layout.slots + (id % 2 ** 32) * layout.slotWords + layout.payload;
      const offset = words[at]! + (words[at + 1]! & 0xffff) * 2 ** 32;
      return [offset, offset + bytes - 1].map((byte) => Math.floor(byte / layout.windowBytes));
    };
    const wrong: string[] = [];
    const windows = new Set<string>();
    const Cells = new StructFactory({ a: 'number', b: 'boolean', c: 'number', s: 'string' });
    const kept: any[] = [];
    for (let round = 0; round < 6; round++) {
      const length = 500_000;
      const vector = VectorRef.from(Array.from({ length }, (_, i) => i + round / 8));
      windows.add(windowOf(vector.id, 8 * length).join('-'));
      for (let look = 0; look < 4; look++) {
        for (const i of [0, 1, length >> 1, length - 1]) {
          if (vector.at(i) !== i + round / 8) wrong.push(`at ${i}`);
          if (vector.at(i) !== native.vectorGet(vector.id, i)) wrong.push(`get ${i}`);
        }
      }
      let sum = 0;
      for (const value of vector) sum += value - round / 8;
      if (sum !== (length * (length - 1)) / 2) wrong.push(`sum ${sum}`);
      const flags = VectorRef.from(Array.from({ length: 1000 }, (_, i) => i % 3 === 0));
      const structs = Array.from({ length: 5000 }, (_, i) => Cells.new({ a: i, s: `${i}` }));
      for (const [i, struct] of structs.entries()) {
        struct.c = i + 0.5;
        struct.b = i % 2 === 0;
        windows.add(`fields ${windowOf(struct.id, 24).join('-')}`);
      }
      for (const [i, struct] of structs.entries()) {
        const { a, b, c } = struct;
        if (a !== i || b !== (i % 2 === 0) || c !== i + 0.5 || struct.s !== `${i}`)
          wrong.push('view');
        if (struct.getKey('c') !== c || struct.getKey('b') !== b) wrong.push('native');
      }
      for (let i = 0; i < 1000; i++) if (flags.at(i) !== (i % 3 === 0)) wrong.push('flag');
      kept.push(vector, flags, structs, MapRef.from([[round, round]]));
    }
    return { wrong: wrong.slice(0, 5), windows: [...windows].sort(), isSound: heap.verify().ok };
  };

  test.each([
    [6, ['0-1', '1-1']],
    [24, ['0-0', '1-1']],
  ])('the border %i MiB above the first body', (below, some) => {
    const env = { SHARED_HEAP_RESERVE: reserveFor(below << 20) };
    const { wrong, windows, isSound } = inChild(script, [nativeFile], { env }) as any;
    expect(wrong).toEqual([]);
    expect(isSound).toBe(true);
    if (hasView) expect(windows).toEqual(expect.arrayContaining(some));
  });

  test('where no body is in the first window', () => {
    const { wrong, windows } = inChild(script, [nativeFile]) as any;
    expect(wrong).toEqual([]);
    if (hasView) expect(windows).toEqual(['4-4', 'fields 4-4']);
  });
});

test('a small region is viewed to its end', () => {
  const script = ({ NumberRef, StructFactory, VectorRef, heap }: Heap): unknown => {
    const Cell = new StructFactory({ n: 'number' });
    const made: any[] = [];
    let code: unknown;
    try {
      for (let i = 0; ; i++) {
        const number = NumberRef.from(i);
        number.setValue(i + 1);
        const cell = Cell.new({ n: i });
        cell.n = i + 1;
        const vector = VectorRef.from([i + 1, true]);
        made.push([number, cell, vector]);
      }
    } catch (error) {
      code = (error as any).code;
    }
    const right = made.every(
      ([number, cell, vector], i) =>
        number.obtainValue() === i + 1 &&
        cell.n === i + 1 &&
        [0, 1, 2].every(() => vector.at(0) === i + 1 && vector.at(1) === true),
    );
    return { code, many: made.length > 1000, right, isSound: heap.verify().ok };
  };
  const env = { SHARED_HEAP_RESERVE: String(64 << 20) };
  expect(inChild(script, [], { env })).toEqual({
    code: 'ERR_HEAP_FULL',
    many: true,
    right: true,
    isSound: true,
  });
});

describe('without windows everything works through the addon', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shared-heap-audit-'));
  const audit = join(folder, 'no-buffers.so');
  beforeAll(() => {
    const source = join(__dirname, 'fixtures', 'no-buffers.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', audit, source]);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const script = (
    { MapRef, NumberRef, StringRef, StructFactory, VectorRef, heap }: Heap,
    nativeFile: string,
  ): unknown => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- in the child process
    const { native } = require(nativeFile) as { native: import('../../types/native').Native };
    const number = new NumberRef();
    const struct = new StructFactory({ n: 'number', b: 'boolean', s: 'string' }).new({ s: 'a' });
    const vector = VectorRef.from([1, true, 'x', 2.5]);
    const text = StringRef.from('text');
    const map = MapRef.from([[1, 2]]);
    for (let i = 0; i < 1000; i++) {
      number.setValue(number.obtainValue() + 1);
      struct.n += 2;
      struct.b = !struct.b;
      vector.setAt(0, (vector.at(0) as number) + 1);
      text.setValue(`${text.obtainValue().length}`);
    }
    number.drop();
    let code: unknown;
    try {
      number.obtainValue();
    } catch (error) {
      code = (error as any).code;
    }
    const fields = [struct.n, struct.b, struct.s];
    const values = [...vector, vector.length, text.obtainValue(), map.size, struct.isAlive];
    return { view: native.viewWindow(0) !== undefined, fields, values, code, ...heap.verify() };
  };
  const expected = {
    fields: [2000, false, 'a'],
    values: [1001, true, 'x', 2.5, 4, '1', 1, true],
    code: 'ERR_USE_AFTER_FREE',
    ok: true,
  };

  test.each([
    ['as in all other tests', {}, hasView],
    ['with SHARED_HEAP_NO_VIEW=1', { SHARED_HEAP_NO_VIEW: '1' }, false],
    ['where the engine allows no memory outside its own', { LD_AUDIT: audit }, false],
  ])('%s', (_, env, view) => {
    expect(inChild(script, [nativeFile], { env: env as any })).toMatchObject({ view, ...expected });
  });
});
