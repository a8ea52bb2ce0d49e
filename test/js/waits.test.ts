// version, wait and waitAsync: of changes in this thread and in others.
import { BufferRef, MapRef, NumberRef, VectorRef, refFromId } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { Thread, codeOf, endThreads, expectNothingWaits, pause } from '../workers/thread';
import { blocked, checkHeap, commonJsFile, own, runNode, thrownBy } from './support';
import { beginStore, changeRows, expectLastStoreSeen, hasView, newStruct } from './support-changes';

checkHeap();
endThreads();
afterEach(expectNothingWaits);

describe.each(changeRows)('%s', (_, make, change) => {
  test('raises the version, once it has been asked for', () => {
    const ref = own(make());
    const before = ref.version;
    expect(ref.version).toBe(before);
    change(ref);
    const after = ref.version;
    expect(after).not.toBe(before);
    expect(ref.version).toBe(after);
  });

  test('is what wait and waitAsync have waited for', async () => {
    const ref = own(make());
    const { version } = ref;
    const waiting = ref.waitAsync(version);
    change(ref);
    expect(ref.wait(version)).toBe(true);
    expect(await waiting).toBe(true);
    expect(ref.wait(ref.version, { timeout: 0 })).toBe(false);
  });
});

test('reading, refs to it, and changes of its elements leave the version', () => {
  const child = own(MapRef.from({ a: 1 }));
  const map = own(MapRef.from<any>({ child }));
  const { version } = map;
  child.set('a', 2);
  map.get('child');
  JSON.stringify(map);
  map.retain().drop();
  map.lock(() => 1);
  expect(map.version).toBe(version);
  const buffer = own(BufferRef.alloc(8));
  const before = buffer.version;
  new Uint8Array(buffer.view())[0] = 1;
  expect(buffer.version).toBe(before);
});

describe('blocking', () => {
  test('0 looks once; a time that is up is false', () => {
    const map = own(new MapRef());
    expect(map.wait(map.version, { timeout: 0 })).toBe(false);
    expect(map.wait(map.version, { timeout: 30 })).toBe(false);
    expect(map.wait(map.version - 1, { timeout: 0 })).toBe(true);
    expect(map.wait(NaN)).toBe(true);
  });

  test.each(changeRows)('%s by another thread wakes it', async (_, make, change) => {
    const ref = own(make());
    const { version } = ref;
    const thread = new Thread();
    const waited = thread.run(
      ({ refFromId, state }, id, seen) => {
        state.waited = refFromId(id).wait(seen);
        return state.waited as boolean;
      },
      ref.id,
      version,
    );
    await pause(5);
    change(ref);
    expect(await waited).toBe(true);
  });

  test('an object that ends: ERR_USE_AFTER_FREE, for those who wait and those who come', async () => {
    const number = new NumberRef();
    const { version } = number;
    const thread = new Thread();
    const waiting = codeOf(
      thread.run(({ refFromId }, id, seen) => refFromId(id).wait(seen), number.id, version),
    );
    const here = codeOf(number.waitAsync(version));
    await pause(20);
    refFromId(number).drop();
    expect(await waiting).toBe('ERR_USE_AFTER_FREE');
    expect(await here).toBe('ERR_USE_AFTER_FREE');
    blocked(() => number.wait(version), 'ERR_USE_AFTER_FREE');
  });

  test('two threads hand a number to and fro', async () => {
    const rounds = 300;
    const number = own(NumberRef.from(0));
    const play = (mine: number) =>
      new Thread().run(
        ({ NumberRef }, id, own, total) => {
          const ball = new NumberRef(id);
          for (;;) {
            const { version } = ball;
            const value = ball.obtainValue();
            if (value >= total) return value;
            if (value % 2 === own) ball.setValue(value + 1);
            else ball.wait(version);
          }
        },
        number.id,
        mine,
        rounds,
      );
    expect(await Promise.all([play(0), play(1)])).toEqual([rounds, rounds]);
  });
});

describe('not blocking', () => {
  test('many waits for one object, all told; a time that is up is false', async () => {
    const vector = own(new VectorRef<number>());
    const { version } = vector;
    const waits = Array.from({ length: 600 }, () => vector.waitAsync(version));
    const short = vector.waitAsync(version, { timeout: 1 });
    expect(await short).toBe(false);
    await new Thread().run(({ VectorRef }, id) => new VectorRef(id).push(1), vector.id);
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
  });

  test('a change before anybody waits is not lost', async () => {
    const map = own(new MapRef<string, number>());
    const { version } = map;
    map.set('a', 1);
    expect(await map.waitAsync(version)).toBe(true);
    expect(await map.waitAsync(version, { timeout: 0 })).toBe(true);
    expect(await map.waitAsync(map.version, { timeout: 0 })).toBe(false);
  });

  const ending = (waits: string, arm: string): string => `
    const { MapRef, NumberRef } = require(${JSON.stringify(commonJsFile)});
    const map = new MapRef();
    const number = new NumberRef();
    const { Worker } = require('node:worker_threads');
    const change = (ms) => new Worker(\`
      const { NumberRef } = require(${JSON.stringify(commonJsFile)});
      const { workerData } = require('node:worker_threads');
      setTimeout(() => new NumberRef(workerData.id).setValue(1), workerData.ms);
    \`, { eval: true, workerData: { id: number.id, ms } }).unref();
    ${arm}
    ${waits}
    process.on('exit', () => console.log('exit'));`;

  test.each([
    ['the first thing a thread does', ''],
    ['after another has ended', 'map.waitAsync(map.version, { timeout: 1 });'],
  ])('keeps the thread alive: %s', (_, arm) => {
    const waits =
      'change(100); number.waitAsync(number.version).then((seen) => console.log(seen));';
    expect(runNode(['-e', ending(waits, arm)])).toBe('true\nexit\n');
  });

  test('does not keep it alive once it has ended', () => {
    const waits = 'number.waitAsync(number.version); number.setValue(1);';
    expect(runNode(['-e', ending(waits, '')])).toBe('exit\n');
    const late = 'number.waitAsync(number.version, { timeout: 5 });';
    expect(runNode(['-e', ending(late, '')])).toBe('exit\n');
  });
});

describe('a loop of another thread that stores when the wait begins: its last store is seen', () => {
  const wait = (ref: Ref, version: number) =>
    Promise.resolve(ref.wait(version, { timeout: 30_000 }));
  const waitAsync = (ref: Ref, version: number) => ref.waitAsync(version, { timeout: 30_000 });

  test.each([
    ['NumberRef, blocking', () => NumberRef.from(0), wait],
    ['NumberRef, not blocking', () => NumberRef.from(0), waitAsync],
    ['number field, blocking', newStruct, wait],
    ['number field, not blocking', newStruct, waitAsync],
  ])('%s', async (_, make, waitFor) => {
    await expectLastStoreSeen(make, async (ref, isDone) => {
      for (;;) {
        const { version } = ref;
        if (isDone()) return;
        expect(await waitFor(ref, version)).toBe(true);
      }
    });
  });
});

// Without the view no store is ever between its check and its landing.
if (hasView) {
  test('a store that had passed its check when the wait began is seen', async () => {
    const number = own(NumberRef.from(1));
    const store = await beginStore(number, 2);
    const { version } = number;
    const waiting = number.waitAsync(version);
    expect(number.wait(version, { timeout: 30 })).toBe(false);
    store();
    expect(number.wait(version)).toBe(true);
    expect(await waiting).toBe(true);
    expect(number.version).not.toBe(version);
    expect(number.obtainValue()).toBe(2);
  });
}

test('an error on the way leaves no watch behind', () => {
  const map = own(new MapRef());
  for (const options of [
    5,
    { timeout: 'x' },
    { timeout: -1 },
    {
      get timeout(): never {
        throw new Error('mine');
      },
    },
  ]) {
    expect(thrownBy(() => map.wait(map.version, options as object))).toBeInstanceOf(Error);
  }
});
