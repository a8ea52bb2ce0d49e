// Queues, and changes of several things in one step, between workers.
import {
  MapRef,
  NumberRef,
  QueueRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
} from 'shared-heap';
import { expectSound, runWorker, runWorkers, startWorker } from './support';

let before: number;
beforeEach(() => {
  before = heap.stats().objects;
});
afterEach(() => {
  expect(heap.stats().objects).toBe(before);
  expectSound();
});

const PRODUCERS = 3;
const CONSUMERS = 3;

describe.each([
  ['blocking', 1, false, false],
  ['blocking', 50, false, false],
  ['asynchronous', 50, true, true],
  ['blocking producers and asynchronous consumers', 5, false, true],
] as const)('%s, capacity %i', (_, capacity, producersAreAsync, consumersAreAsync) => {
  test('each item is consumed exactly once, those of a producer in order', async () => {
    const n = 1500;
    const queue = QueueRef.withCapacity(capacity);
    const producing = NumberRef.from(PRODUCERS);
    const ids = { queue: queue.id, producing: producing.id };
    const consumed = runWorkers<number[]>(CONSUMERS, 'consume', {
      ids,
      isAsync: consumersAreAsync,
    });
    await runWorkers(PRODUCERS, 'produce', { ids, n, isAsync: producersAreAsync });
    const lists = await consumed;
    const all = lists.flat().sort((a, b) => a - b);
    const expected = Array.from({ length: PRODUCERS * n }, (_, i) => {
      return Math.floor(i / n) * 1e6 + (i % n);
    });
    expect(all).toEqual(expected);
    for (const list of lists) {
      for (let producer = 0; producer < PRODUCERS; producer++) {
        const own = list.filter((number) => Math.floor(number / 1e6) === producer);
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
    expect([queue.length, queue.closed]).toEqual([0, true]);
    queue.drop();
    producing.drop();
  });
});

test('questions and answers: the main thread waits without blocking', async () => {
  const queue = QueueRef.withCapacity<number>(4);
  const answers = QueueRef.withCapacity<number>(4);
  const ended = runWorker('echo', { ids: { queue: queue.id, answers: answers.id } });
  for (let i = 0; i < 100; i++) {
    await queue.pushAsync(i);
    expect(await answers.popAsync()).toBe(i + 1);
  }
  queue.close();
  expect(await answers.popAsync()).toBeUndefined();
  await ended;
  queue.drop();
  answers.drop();
});

test('a worker that ends while it waits takes nothing with it', async () => {
  const queue = new QueueRef<number>();
  const worker = startWorker('consume', { ids: { queue: queue.id }, worker: 0 });
  queue.push(1);
  while (queue.length > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await worker.terminate(); // in pop()
  queue.push(2);
  expect(queue.tryPop()).toBe(2);
  queue.drop();
});

test('updates are not lost, and seen whole', async () => {
  const workers = 4;
  const rounds = 1500;
  const map = new MapRef<string, any>();
  const vector = VectorRef.from(Array.from({ length: 10_000 }, (_, i) => i));
  const Shape = new StructFactory({ name: 'string', n: 'number', ref: 'ref' });
  const struct = Shape.new({ name: 'number 0' });
  const ids = { map: map.id, vector: vector.id, struct: struct.id };
  const results = await runWorkers<{ taken: number[]; torn: number }>(workers, 'updateAll', {
    ids,
    rounds,
  });
  expect(map.get('count')).toBe(workers * rounds);
  expect((map.get('ref') as StringRef).obtainValue()).toBe(String(workers * rounds));
  expect(heap.stats().objectsByType.StringRef).toBe(1);
  expect(results.map(({ torn }) => torn)).toEqual(Array<number>(workers).fill(0));
  const taken = results.flatMap((result) => result.taken);
  expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  expect(vector.length).toBe(0);
  for (const ref of [map, vector, struct]) ref.drop();
});
