// Fast calls (csrc/binding/fast_calls.cc) of several threads at once, from loops that V8 optimises.
import { once } from 'node:events';
import { MapRef, NumberRef, VectorRef, heap } from 'shared-heap';
import { expectSound, runWorkers, startWorker } from './support';

const WORKERS = 3;

let before: number;
beforeEach(() => {
  before = heap.stats().objects;
});
afterEach(() => {
  expect(heap.stats().objects).toBe(before);
  expectSound();
});

test('totals are exact', async () => {
  const rounds = 200_000;
  const map = new MapRef<string, number>();
  const number = new NumberRef();
  const vector = new VectorRef<number>();
  const ids = { map: map.id, number: number.id, vector: vector.id };
  const torn = await runWorkers<number>(WORKERS, 'countFast', { ids, rounds });
  expect(torn).toEqual(Array(WORKERS).fill(0));
  expect(map.get('total')).toBe(WORKERS * rounds);
  expect(number.obtainValue()).toBe(WORKERS * rounds);
  expect(vector.length).toBe(WORKERS * rounds);
  expect(map.size).toBe(1 + WORKERS * 50);
  for (const ref of [map, number, vector]) ref.drop();
});

test('workers that are ended in the middle of it leave nothing behind', async () => {
  const map = new MapRef<string, number>();
  for (let i = 0; i < 10; i++) {
    const worker = startWorker('spinFast', { ids: { map: map.id } });
    await once(worker, 'message');
    await worker.terminate();
    map.set('still works', i);
    expect(map.get('still works')).toBe(i);
  }
  map.drop();
});
