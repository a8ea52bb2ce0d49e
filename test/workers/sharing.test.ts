// Many workers on the same objects, with exact totals at the end.
import { once } from 'node:events';
import {
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  names,
  refFromId,
} from 'shared-heap';
import { expectSound, runWorker, runWorkers, startWorker } from './support';

const Shape = new StructFactory({ name: 'string', hits: 'number', on: 'boolean', next: 'ref' });
const WORKERS = 6;

let before: number;
beforeEach(() => {
  before = heap.stats().objects;
});
afterEach(() => {
  expect(heap.stats().objects).toBe(before);
  expectSound();
});

test('totals are exact when all workers change the same objects', async () => {
  const rounds = 3000;
  const number = new NumberRef();
  const map = new MapRef<string, number>();
  const vector = new VectorRef<number>();
  const struct = Shape.new();
  map.set('cas', 0);
  const ids = { number: number.id, map: map.id, vector: vector.id, struct: struct.id };
  await runWorkers(WORKERS, 'count', { ids, rounds });
  expect(number.obtainValue()).toBe(WORKERS * rounds);
  expect(map.get('total')).toBe(WORKERS * rounds);
  expect(map.get('cas')).toBe(WORKERS * rounds);
  expect(map.size).toBe(2 + WORKERS * 100);
  for (let worker = 0; worker < WORKERS; worker++) {
    for (let i = 0; i < 100; i++) expect(map.get(`${worker}:${i}`)).toBe(rounds - 100 + i);
  }
  const pushed = vector.obtainValue().sort((a, b) => a - b);
  expect(pushed).toEqual(Array.from({ length: WORKERS * rounds }, (_, i) => i));
  expect(struct.name).toMatch(/^worker \d round 2999 x{39}$/);
  for (const ref of [number, map, vector, struct]) ref.drop();
});

test('a work list hands every item to exactly one worker', async () => {
  const n = 50_000;
  const vector = VectorRef.from(Array.from({ length: n }, (_, i) => i));
  const shares = await runWorkers<{ sum: number; count: number }>(WORKERS, 'takeAll', {
    ids: { vector: vector.id },
  });
  expect(shares.reduce((total, { count }) => total + count, 0)).toBe(n);
  expect(shares.reduce((total, { sum }) => total + sum, 0)).toBe((n * (n - 1)) / 2);
  vector.drop();
});

test('refs taken from a list by workers are owned by their takers and go with them', async () => {
  const vector = new VectorRef<StringRef>();
  let length = 0;
  for (let i = 0; i < 5000; i++) {
    const text = `item ${i} ${'z'.repeat(i % 50)}`;
    length += text.length;
    vector.push(StringRef.from(text).move());
  }
  const shares = await runWorkers<{ length: number }>(WORKERS, 'takeRefs', {
    ids: { vector: vector.id },
  });
  expect(shares.reduce((total, share) => total + share.length, 0)).toBe(length);
  expect(heap.stats().objectsByType.StringRef).toBe(0);
  vector.drop();
});

test('ids travel both ways', async () => {
  const worker = startWorker('passIds');
  const ended = once(worker, 'exit'); // may come in one go with the last message
  const [first] = (await once(worker, 'message')) as [{ map: number }];
  const map = MapRef.adopt<string, StringRef>(first.map);
  expect(map.get('text')?.obtainValue()).toBe('from the worker');
  const mine = StringRef.from('from the main thread');
  worker.postMessage(mine);
  const [answer] = (await once(worker, 'message')) as [{ result: { value: string } }];
  expect(answer.result.value).toBe('from the main thread');
  await ended;
  expect(mine.isAlive).toBe(false);
  expect(() => refFromId(mine.id)).toThrow(/use after free/);
  map.drop();
});

test('readers see whole values while a writer changes them', async () => {
  const until = new SharedArrayBuffer(8); // whether to stop; readers that have begun
  const flags = new Int32Array(until);
  const map = new MapRef<string, string>();
  const text = StringRef.from('a');
  map.set('pair', 'a');
  const readers = runWorkers<{ reads: number }>(3, 'readWhole', {
    ids: { map: map.id, text: text.id },
    until,
  });
  let end = Infinity;
  for (let i = 0; Date.now() < end; i++) {
    if (end === Infinity && Atomics.load(flags, 1) === 3) end = Date.now() + 2000;
    const letter = String.fromCharCode(i % 7 === 0 ? 0x2603 + (i % 3) : 97 + (i % 26));
    map.set('pair', letter.repeat(1 + (i % 40)));
    text.setValue(letter.repeat(1 + ((i * 7) % 3000)));
    map.set(`extra ${i % 500}`, `value of extra ${i % 500}`);
    if (i % 3 === 0) map.delete(`extra ${(i * 13) % 500}`);
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  Atomics.store(flags, 0, 1);
  for (const { reads } of await readers) expect(reads).toBeGreaterThan(0);
  map.drop();
  text.drop();
});

test('a name is created once, whoever comes first', async () => {
  const rounds = 200;
  const answers = await runWorkers<{ ids: number[] }>(WORKERS, 'named', { rounds });
  for (let i = 0; i < rounds; i++) {
    expect(new Set(answers.map(({ ids }) => ids[i])).size).toBe(1);
    const map = names.get(`test map ${i}`) as MapRef<string, number>;
    expect(map.get('visits')).toBe(WORKERS);
    names.delete(`test map ${i}`);
  }
});

test('a worker reports the error of a dead id', async () => {
  const vector = new VectorRef();
  vector.drop();
  await expect(runWorker('takeAll', { ids: { vector: vector.id } })).rejects.toThrow(
    /ERR_USE_AFTER_FREE .*use after free/,
  );
});
