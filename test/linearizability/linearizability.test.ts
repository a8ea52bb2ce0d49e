// Every call of a method is one step to all threads: histories of real workers on one object, checked
// against a sequential one (checker.ts, models.ts). Operations of several steps, and numbers stored
// and loaded through the view, promise less: docs/concurrency.md.
import { MapRef, NumberRef, QueueRef, StringRef, VectorRef } from 'shared-heap';
import { expectSound, runWorkers } from '../workers/support';
import type { History, Model, Operation, Verdict } from './checker';
import { check, checkParts } from './checker';
import {
  QUEUE_CAPACITY,
  entryModel,
  mapModel,
  numberModel,
  queueModel,
  stringModel,
  vectorModel,
} from './models';

const WORKERS = 3;
const COUNT = 1000;
const HISTORIES = 2;
const MOST = 40; // on a busy machine workers may miss each other
const seed = Number(process.env.SEED ?? Date.now() % 100_000);

interface Subject {
  make: () => NumberRef | StringRef | MapRef<string> | VectorRef | QueueRef;
  verdictOf: (history: History) => Verdict;
}

const byKey = (model: Model<any>) => (history: History) =>
  checkParts(model, history, ({ args }: Operation) => args[0]);
const asWhole = (model: Model<any>) => (history: History) => check(model, history);

const subjects: Record<string, Subject> = {
  number: { make: () => new NumberRef(), verdictOf: asWhole(numberModel) },
  string: { make: () => new StringRef(), verdictOf: asWhole(stringModel) },
  entries: { make: () => new MapRef(), verdictOf: byKey(entryModel) },
  map: { make: () => new MapRef(), verdictOf: asWhole(mapModel) },
  vector: { make: () => new VectorRef(), verdictOf: asWhole(vectorModel) },
  queue: { make: () => QueueRef.withCapacity(QUEUE_CAPACITY), verdictOf: asWhole(queueModel) },
};

/** What the workers did to a new object, and whether that is linearizable. */
async function record(name: string, { make, verdictOf }: Subject, round: number): Promise<Verdict> {
  const ref = make();
  const history = await runWorkers<Operation[]>(WORKERS, 'record', {
    subject: name,
    id: ref.id,
    count: COUNT,
    seed: seed + round,
    workers: WORKERS,
    gate: new Int32Array(new SharedArrayBuffer(4)),
  });
  ref.drop();
  expect(history.flat()).toHaveLength(WORKERS * COUNT);
  return verdictOf(history);
}

afterAll(expectSound);

test.each(Object.keys(subjects))('%s', async (name) => {
  let overlaps = 0;
  for (let round = 0; round < HISTORIES || (overlaps === 0 && round < MOST); round++) {
    const verdict = await record(name, subjects[name]!, round);
    expect({ seed: seed + round, ...verdict }).toMatchObject({ linearizable: true, stuck: [] });
    overlaps += verdict.overlaps;
  }
  // Histories in which nobody met anybody would show nothing.
  expect(overlaps).toBeGreaterThan(0);
});

// The broken ones must be caught; how soon depends on how the threads meet.
test.each(['lostAdd', 'staleGet'])('a broken map: %s', async (name) => {
  for (let round = 0; round < MOST; round++) {
    const verdict = await record(name, subjects.entries!, round);
    if (!verdict.linearizable) {
      expect(verdict.stuck.at(-1)).toMatch(/operations done$/);
      return;
    }
  }
  throw new Error(`not caught in ${MOST} histories`);
});
