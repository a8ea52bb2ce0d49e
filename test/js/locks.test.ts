// Locks as one thread sees them, and what errors in the middle of them leave behind. Exclusion
// between threads: test/workers/locks.test.ts.
import { MapRef, NumberRef, StructFactory, VectorRef, lockAll, refFromId } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { Thread, codeOf, endThreads, expectNothingWaits, pause } from '../workers/thread';
import { blocked, checkHeap, commonJsFile, inChild, native, own, thrownBy } from './support';
import type { Heap } from './support';

checkHeap();
endThreads();
afterEach(expectNothingWaits);

const mine = new Error('mine');
const fail = (): never => {
  throw mine;
};

/** Whether another thread finds the lock free. */
async function isFree(ref: Ref): Promise<boolean> {
  const thread = new Thread();
  const free = await thread.run(({ refFromId }, id) => refFromId(id).tryLock(() => 1), ref.id);
  await thread.terminate();
  return free;
}

describe('lock', () => {
  test('runs the function once, with what it needs to know, and returns its result', () => {
    const map = own(new MapRef());
    const fn = jest.fn(() => 'result');
    expect(map.lock(fn)).toBe('result');
    expect(fn.mock.calls).toEqual([[{ abandoned: false }]]);
  });

  test('a thread locks again what it has locked; the outermost end frees it', async () => {
    const map = own(new MapRef<string, number>());
    const thread = new Thread();
    const isFreeNow = (): Promise<boolean> =>
      thread.run(({ refFromId }, id) => refFromId(id).tryLock(() => 1), map.id);
    await map.lockAsync(async () => {
      expect(await isFreeNow()).toBe(false);
    });
    const depth = map.lock(() => {
      map.set('a', 1);
      return map.lock(() => {
        map.set('b', 2);
        return map.lock(() => map.size) + map.lock(() => map.size);
      });
    });
    expect(depth).toBe(4);
    expect(await isFreeNow()).toBe(true);
  });

  test('another ref of the same object is the same lock', () => {
    const map = own(new MapRef());
    expect(map.lock(() => refFromId(map).lock(() => map.tryLock(() => 1)))).toBe(true);
  });

  test('an error comes out as it is, at any depth, and the lock is free', async () => {
    const map = own(MapRef.from({ a: 1 }));
    expect(thrownBy(() => map.lock(fail))).toBe(mine);
    expect(thrownBy(() => map.lock(() => map.lock(fail)))).toBe(mine);
    expect(await isFree(map)).toBe(true);
    const caught = map.lock(() => {
      const error = thrownBy(() => map.lock(fail));
      map.set('a', 2);
      return error;
    });
    expect(caught).toBe(mine);
    expect(map.get('a')).toBe(2);
    expect(await isFree(map)).toBe(true);
  });

  test('a recursion that runs out of stack frees all it has locked', async () => {
    const map = own(new MapRef());
    const others: VectorRef[] = [];
    const recurse = (): never => map.lock(recurse);
    const recurseFurther = (): never =>
      own(others[others.push(new VectorRef()) - 1]!).lock(recurseFurther);
    for (const run of [recurse, recurseFurther]) expect(thrownBy(run).name).toBe('RangeError');
    expect(others.length).toBeGreaterThan(100);
    const taken = await new Thread().run(
      ({ refFromId }, ids) => ids.filter((id) => !refFromId(id).tryLock(() => 1)),
      [map, ...others].map((ref) => ref.id as number),
    );
    expect(taken).toEqual([]);
  });

  test('a generator or a promise that the function returns runs without the lock', async () => {
    const map = own(new MapRef());
    let later: () => void = () => undefined;
    const promise = map.lock(() => new Promise<void>((resolve) => (later = resolve)));
    expect(await isFree(map)).toBe(true);
    later();
    await promise;
  });

  test('an object may end under its lock, by drop() in the function or elsewhere', async () => {
    const map = new MapRef();
    map.lock(() => {
      map.drop();
      blocked(() => map.set('a', 1), 'ERR_USE_AFTER_FREE');
    });
    const other = new MapRef();
    await other.lockAsync(async () => {
      await new Thread().run(({ refFromId }, id) => refFromId(id).drop(), other.id);
      expect(other.isAlive).toBe(false);
    });
    blocked(() => other.lock(() => 1), 'ERR_USE_AFTER_FREE');
  });

  test.each([
    ['set', (map: MapRef<string>) => map.set('new', Symbol('x') as any)],
    [
      'setMany',
      (map: MapRef<string>) =>
        map.setMany([
          ['a', 5],
          ['new', {}],
        ] as any),
    ],
    ['getOrInsertComputed', (map: MapRef<string>) => map.getOrInsertComputed('new', fail)],
    ['forEach', (map: MapRef<string>) => map.forEach(fail)],
  ])('what fails in %s under the lock changes nothing, and the lock is free', async (_, run) => {
    const map = own(MapRef.from<any>({ a: 1, b: 2 }));
    expect(() => map.lock(() => run(map))).toThrow();
    await expect(map.lockAsync(() => run(map))).rejects.toThrow();
    expect(() => lockAll([map], () => run(map))).toThrow();
    expect(map.obtainValue()).toEqual({ a: 1, b: 2 });
    expect(await isFree(map)).toBe(true);
  });

  test('sort with a comparison that throws leaves a locked vector as it was', () => {
    const vector = own(VectorRef.from([3, 1, 2]));
    expect(thrownBy(() => vector.lock(() => vector.sort(fail)))).toBe(mine);
    expect(vector.obtainValue()).toEqual([3, 1, 2]);
  });

  test('a callback of getOrInsertComputed may lock the same map', () => {
    const map = own(new MapRef<string, number>());
    const value = map.lock(() => map.getOrInsertComputed('a', () => map.lock(() => map.size + 7)));
    expect([value, map.get('a')]).toEqual([7, 7]);
  });
});

describe('tryLock', () => {
  test('says whether the function has run', async () => {
    const map = own(new MapRef());
    const fn = jest.fn();
    expect(map.tryLock(fn)).toBe(true);
    const held = await new Thread().hold(map);
    expect(map.tryLock(fn)).toBe(false);
    await held.leave();
    expect(map.tryLock(fn)).toBe(true);
    expect(fn.mock.calls).toEqual([[{ abandoned: false }], [{ abandoned: false }]]);
  });

  test('an error comes out, and the lock is free', async () => {
    const map = own(new MapRef());
    expect(thrownBy(() => map.tryLock(fail))).toBe(mine);
    expect(await isFree(map)).toBe(true);
  });

  test('of what a task of this thread holds: false', async () => {
    const map = own(new MapRef());
    await map.lockAsync(() => expect(map.tryLock(() => 1)).toBe(false));
  });
});

describe('the time', () => {
  test('0 asks once; the error names the object and the thread that holds it', async () => {
    const map = own(new MapRef());
    const thread = new Thread();
    const held = await thread.hold(map);
    const holder = new RegExp(`id ${map.id} was locked by thread ${thread.worker.threadId}`);
    blocked(() => map.lock(fail, { timeout: 0 }), 'ERR_LOCKED', holder);
    await expect(map.lockAsync(fail, { timeout: 0 })).rejects.toThrow(holder);
    blocked(() => lockAll([map], fail, { timeout: 10 }), 'ERR_LOCKED', holder);
    await held.leave();
    expect(map.lock(() => 'free', { timeout: 0 })).toBe('free');
  });

  test('Infinity, and more than a timer can wait for, wait for as long as it takes', async () => {
    const map = own(new MapRef());
    const held = await new Thread().hold(map);
    const waiting = [Infinity, 2 ** 33].map((timeout) => map.lockAsync(() => 'mine', { timeout }));
    await held.leave();
    expect(await Promise.all(waiting)).toEqual(['mine', 'mine']);
    expect(map.lock(() => 1, { timeout: Infinity })).toBe(1);
  });

  test('a task whose timer comes late, after its turn has come, has its turn', async () => {
    const map = own(new MapRef());
    const thread = new Thread();
    const held = await thread.hold(map);
    const waiting = map.lockAsync((info) => info, { timeout: 20 });
    const leaving = held.leave();
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(sleeper, 0, 0, 200);
    await expect(waiting).resolves.toEqual({ abandoned: false });
    await leaving;
  });

  test('configure({ lockTimeout }) is that of locks and of changes', () => {
    const codes = inChild(
      async ({ configure, MapRef }: Heap, file) => {
        configure({ lockTimeout: 30 });
        const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads'); // eslint-disable-line
        const map = new MapRef();
        const source = `
          const { workerData, parentPort } = require('node:worker_threads');
          const { MapRef } = require(workerData.file);
          const cell = new Int32Array(new SharedArrayBuffer(4));
          new MapRef(workerData.id).lock(() => {
            parentPort.postMessage('');
            Atomics.wait(cell, 0, 0);
          });`;
        const worker = new Worker(source, { eval: true, workerData: { file, id: map.id } });
        await new Promise((resolve) => worker.once('message', resolve));
        const codes: unknown[] = [];
        const note = (error: { code: string }): unknown => codes.push(error.code);
        for (const run of [() => map.lock(() => 1), () => map.set('a', 1)]) {
          try {
            run();
          } catch (error) {
            note(error as { code: string });
          }
        }
        await map.lockAsync(() => 1).catch(note);
        await worker.terminate();
        return codes;
      },
      [commonJsFile],
    );
    expect(codes).toEqual(['ERR_LOCKED', 'ERR_LOCKED', 'ERR_LOCKED']);
  });

  test.each([0, -1, 1.5, NaN, Infinity, '5', null])('lockTimeout %p is refused', (lockTimeout) => {
    const code = typeof lockTimeout === 'number' ? 'ERR_OUT_OF_RANGE' : 'ERR_INVALID_ARG_TYPE';
    const caught = inChild(
      ({ configure }: Heap, given) => {
        try {
          configure({
            lockTimeout: given === 'NaN' ? NaN : given === 'Infinity' ? Infinity : given,
          } as object);
          return 'nothing';
        } catch (error) {
          return (error as { code: string }).code;
        }
      },
      [
        Number.isFinite(lockTimeout) || typeof lockTimeout !== 'number'
          ? lockTimeout
          : String(lockTimeout),
      ],
    );
    expect(caught).toBe(code);
  });
});

describe('lockAsync', () => {
  test('holds to the end of the promise; calls follow one another in order', async () => {
    const map = own(new MapRef());
    const events: string[] = [];
    const use = (name: string): Promise<string> =>
      map.lockAsync(async () => {
        events.push(`${name} begins`);
        await pause(5);
        events.push(`${name} ends`);
        return name;
      });
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(use))).toEqual(['a', 'b', 'c', 'd']);
    expect(events).toEqual(
      ['a', 'b', 'c', 'd'].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
  });

  test('rejects with what the function throws or rejects with; the next has its turn', async () => {
    const map = own(new MapRef());
    const ends = await Promise.allSettled([
      map.lockAsync(fail),
      map.lockAsync(() => Promise.reject(mine)),
      map.lockAsync(async () => {
        await pause(1);
        fail();
      }),
      map.lockAsync(() => 'fine'),
    ]);
    expect(ends).toEqual([
      ...Array<unknown>(3).fill({ status: 'rejected', reason: mine }),
      { status: 'fulfilled', value: 'fine' },
    ]);
    expect(await isFree(map)).toBe(true);
  });

  test('other code of the thread may change the object meanwhile', async () => {
    const map = own(new MapRef<string, number>());
    const number = own(new NumberRef());
    const locking = map.lockAsync(() => number.lockAsync(() => pause(20)));
    map.set('a', 1);
    await pause(5);
    map.set('b', 2);
    number.setValue(3);
    await locking;
    expect([map.size, number.obtainValue()]).toEqual([2, 3]);
  });

  test('of an object that ends while it waits: ERR_USE_AFTER_FREE', async () => {
    const map = new MapRef();
    const held = await new Thread().hold(map);
    const waiting = [1, 2, 3].map(() => codeOf(map.lockAsync(() => 1)));
    refFromId(map).drop();
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('ERR_USE_AFTER_FREE'));
    await held.leave();
  });

  test('hundreds wait without losing one', async () => {
    const map = own(MapRef.from({ n: 0 }));
    const held = await new Thread().hold(map);
    const order: number[] = [];
    const tasks = Array.from({ length: 700 }, (_, i) =>
      map.lockAsync(async () => {
        const n = map.get('n')!;
        await Promise.resolve();
        map.set('n', n + 1);
        order.push(i);
      }),
    );
    await held.leave();
    await Promise.all(tasks);
    expect(map.get('n')).toBe(700);
    expect(order).toEqual([...order.keys()]);
  });
});

describe('deadlocks in one thread are told at once', () => {
  const codes = {
    lock: (ref: Ref) => codeOf(Promise.resolve().then(() => ref.lock(() => 1))),
    lockAll: (ref: Ref) => codeOf(Promise.resolve().then(() => lockAll([ref], () => 1))),
    lockAsync: (ref: Ref) => codeOf(ref.lockAsync(() => 1)),
  };

  test.each(Object.entries(codes))('%s of what the same task holds', async (_, ask) => {
    const map = own(new MapRef());
    await map.lockAsync(async () => {
      expect(await ask(map)).toBe('ERR_DEADLOCK');
      await pause(1);
      expect(await ask(map)).toBe('ERR_DEADLOCK');
    });
    expect(await ask(map)).toBeUndefined();
  });

  test('the error names the object', async () => {
    const map = own(new MapRef());
    await map.lockAsync(() => {
      blocked(() => map.lock(() => 1), 'ERR_DEADLOCK', new RegExp(`id ${map.id} .*lockAll`));
    });
  });

  test('what the function has started counts as the same task, until that has ended', async () => {
    const map = own(new MapRef());
    let later!: Promise<string | undefined>;
    let muchLater!: Promise<string | undefined>;
    await map.lockAsync(async () => {
      later = pause(1).then(() => codeOf(map.lockAsync(() => 1)));
      muchLater = pause(60).then(() => codeOf(map.lockAsync(() => 1)));
      await later;
    });
    expect(await later).toBe('ERR_DEADLOCK');
    expect(await muchLater).toBeUndefined();
  });

  test('what was started outside waits for its turn', async () => {
    const map = own(new MapRef());
    const go = new EventTarget();
    const asked = new Promise<string | undefined>((resolve) => {
      go.addEventListener('go', () => resolve(codeOf(map.lockAsync(() => 1))));
    });
    let release!: () => void;
    const locking = map.lockAsync(() => new Promise<void>((resolve) => (release = resolve)));
    await pause(1);
    go.dispatchEvent(new Event('go'));
    await pause(5);
    release();
    await locking;
    expect(await asked).toBeUndefined();
  });

  test('tasks nest over different objects; two that cross are told', async () => {
    const a = own(new MapRef());
    const b = own(new MapRef());
    expect(await a.lockAsync(() => b.lockAsync(() => 'both'))).toBe('both');
    const both = [
      [a, b],
      [b, a],
    ].map(([first, second]) =>
      codeOf(
        first!.lockAsync(async () => {
          await pause(5);
          await second!.lockAsync(() => 1);
        }),
      ),
    );
    expect((await Promise.all(both)).sort()).toEqual(['ERR_DEADLOCK', undefined]);
  });

  test('lock() of what a task of this thread has asked for before', async () => {
    const map = own(new MapRef());
    const held = await new Thread().hold(map);
    const task = map.lockAsync(() => 'task');
    blocked(() => map.lock(() => 1), 'ERR_DEADLOCK', /has asked for it before/);
    await held.leave();
    expect(await task).toBe('task');
  });

  test('a change behind such a task is made when the task has its turn', async () => {
    const map = own(new MapRef<string, number>());
    const thread = new Thread();
    const held = await thread.hold(map);
    const task = map.lockAsync(() => map.size);
    const leaving = held.leave();
    map.set('a', 1); // waits
    expect(map.size).toBe(1);
    expect(await task).toBe(1);
    await leaving;
  });

  test('two environments of one thread', () => {
    const seen = inChild(
      ({ MapRef }: Heap, file) => {
        for (const loaded of Object.keys(require.cache)) delete require.cache[loaded]; // eslint-disable-line
        const other = require(file) as Heap; // eslint-disable-line
        const map = new MapRef();
        const theirs: any = other.refFromId(map.id);
        const code = (run: () => unknown): unknown => {
          try {
            return run();
          } catch (error) {
            return (error as { code: string }).code;
          }
        };
        const inside = map.lock(() => [
          code(() => theirs.lock(() => 1)),
          code(() => theirs.set('a', 1)),
          theirs.tryLock(() => 1),
          theirs.size,
        ]);
        return [other.MapRef !== MapRef, ...inside, theirs.lock(() => theirs.set('a', 1).size)];
      },
      [commonJsFile],
    );
    expect(seen).toEqual([true, 'ERR_DEADLOCK', 'ERR_DEADLOCK', false, 0, 1]);
  });
});

describe('lockAll', () => {
  const Point = new StructFactory({ x: 'number' });

  test('holds all of them, each once, whatever the order', async () => {
    const refs = [own(new MapRef()), own(new NumberRef()), own(new VectorRef()), own(Point.new())];
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Thread();
    await thread.begin(
      ({ lockAll, refFromId }, signal, ids, leave) => {
        const all = [...ids, ...ids].map((id) => refFromId(id));
        lockAll(all, () => {
          signal();
          Atomics.wait(leave, 0, 0);
        });
      },
      refs.map((ref) => ref.id as number),
      cell,
    );
    expect(refs.map((ref) => ref.tryLock(() => 1))).toEqual([false, false, false, false]);
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
    expect(lockAll([...refs, ...refs].reverse(), (info) => info)).toEqual({ abandoned: false });
    expect(lockAll(new Set(refs), () => lockAll(refs, () => 'nested'))).toBe('nested');
    for (const ref of refs) expect(await isFree(ref)).toBe(true);
  });

  test('of nothing runs the function', () => {
    expect(lockAll([], () => 'ran')).toBe('ran');
  });

  test('an error, in the function or in the middle of locking, frees all', async () => {
    const refs = [own(new MapRef()), own(new MapRef()), own(new MapRef())];
    expect(thrownBy(() => lockAll(refs, fail))).toBe(mine);
    const held = await new Thread().hold(refs[1]!);
    blocked(() => lockAll(refs, fail, { timeout: 0 }), 'ERR_LOCKED');
    await refs[2]!.lockAsync(() =>
      blocked(() => lockAll([refs[0]!, refs[2]!], fail), 'ERR_DEADLOCK'),
    );
    const dead = new MapRef();
    refFromId(dead).drop();
    blocked(() => lockAll([...refs.slice(2), dead], fail), 'ERR_USE_AFTER_FREE');
    await held.leave();
    for (const ref of refs) expect(await isFree(ref)).toBe(true);
  });

  test.each([
    ['an async function', [], async () => Promise.resolve()],
    ['no function', [], 5],
    ['no iterable', 5, fail],
  ])('%s is refused', (_, refs, fn) => {
    blocked(() => lockAll(refs as Ref[], fn as () => unknown), 'ERR_INVALID_ARG_TYPE');
  });

  test.each([null, 5, { timeout: '5' }, { timeout: -1 }])('options %p are refused', (options) => {
    const ref = own(new MapRef());
    expect(() => lockAll([ref], fail, options as object)).toThrow(/options/);
    native.countWaits();
    expect(native.out[0]).toBe(0);
  });
});
