// Locks between threads: exclusion, order, deadlocks. Holders that die: abandoned.test.ts. What one
// thread sees of locks: test/js/locks.test.ts.
import {
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  refFromId,
} from 'shared-heap';
import type { Ref } from 'shared-heap';
import { checkHeap, own, ownRefs, runNode, commonJsFile } from '../js/support';
import { changeRows, changesFile } from '../js/support-changes';
import { call, common, goodArguments, nameOf, subjects } from '../js/support-methods';
import {
  Thread,
  codeOf,
  endThreads,
  expectNothingWaits,
  pause,
  threads,
  until,
  untilQueued,
} from './thread';

checkHeap();
endThreads();
afterEach(expectNothingWaits);

const idOf = (ref: Ref): number => ref.id;

describe('exclusion', () => {
  const WORKERS = 6;
  const ROUNDS = 400;

  test.each(['lock', 'nested', 'tryLock', 'lockAll', 'lockAsync', 'mixed'])(
    'a change in two steps is one step to others: %s',
    async (how) => {
      const map = own(MapRef.from({ n: 0, m: 0 }));
      const other = own(new VectorRef());
      const plain = new Int32Array(new SharedArrayBuffer(8));
      const count = (thread: Thread, worker: number) =>
        thread.run(
          async ({ MapRef, lockAll, refFromId }, ids, cells, rounds, kind) => {
            const counters = new MapRef<string, number>(ids[0]!);
            const refs = ids.map((id) => refFromId(id));
            const torn: unknown[] = [];
            const step = (): void => {
              const n = counters.get('n')!;
              const [a, b] = cells;
              for (let i = 0; i < 20; i++); // time for others to come in between
              if (a !== b || n !== counters.get('m')) torn.push([a, b, n]);
              cells[0] = a! + 1;
              counters.set('n', n + 1);
              cells[1] = b! + 1;
              counters.set('m', n + 1);
            };
            const ways: Record<string, () => unknown> = {
              lock: () => counters.lock(step),
              nested: () => counters.lock(() => counters.lock(step)),
              tryLock: () => {
                while (!counters.tryLock(step))
                  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.1);
              },
              lockAll: () => lockAll(refs, step),
              lockAsync: () =>
                counters.lockAsync(async () => {
                  await Promise.resolve();
                  step();
                }),
            };
            const names = kind === 'mixed' ? Object.keys(ways) : [kind];
            for (let i = 0; i < rounds; i++) await ways[names[i % names.length]!]!();
            return torn;
          },
          worker % 2 === 0 ? [idOf(map), idOf(other)] : [idOf(map), idOf(other), idOf(map)],
          plain,
          ROUNDS,
          how,
        );
      const torn = await Promise.all(threads(WORKERS).map(count));
      expect(torn).toEqual(Array(WORKERS).fill([]));
      expect([...plain, map.get('n'), map.get('m')]).toEqual(Array(4).fill(WORKERS * ROUNDS));
    },
  );

  test('without the lock the same change is torn: the test can see it', async () => {
    const plain = new Int32Array(new SharedArrayBuffer(4));
    const count = (thread: Thread) =>
      thread.run((_, cells) => {
        const end = performance.now() + 500;
        let mine = 0;
        for (; performance.now() < end; mine += 1000) {
          for (let i = 0; i < 1000; i++) cells[0] = cells[0]! + 1;
        }
        return mine;
      }, plain);
    const counts = await Promise.all(threads(2).map(count));
    expect(plain[0]).toBeLessThan(counts[0]! + counts[1]!);
  });
});

describe('order', () => {
  test('first come, first served, over all threads', async () => {
    const map = own(new MapRef());
    const log = own(new VectorRef<number>());
    const holder = new Thread();
    const held = await holder.hold(map);
    const three = threads(3);
    for (let i = 0; i < 12; i++) {
      await three[i % 3]!.run(
        ({ refFromId, state }, id, to, number) => {
          state.asked ??= [];
          const vector: any = refFromId(to);
          state.asked.push(refFromId(id).lockAsync(() => vector.push(number)));
        },
        idOf(map),
        idOf(log),
        i,
      );
    }
    await held.leave();
    await Promise.all(
      three.map((thread) => thread.run(({ state }) => Promise.all(state.asked).then(() => 1))),
    );
    expect(log.obtainValue()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe('while another thread holds the lock', () => {
  test('the table of changes has every method that changes an object', () => {
    const listed = new Set(changeRows.map(([name]) => name));
    for (const { name, make, methods } of subjects) {
      for (const method of methods) {
        if (method.isAsync || method.key === Symbol.asyncIterator) continue;
        const ref = own(make());
        const { version } = ref;
        ownRefs(call(method, ref, goodArguments(method)));
        if (ref.version !== version && !listed.has(`${name} ${nameOf(method)}`)) {
          throw new Error(`${name}.${nameOf(method)} changes, and is not in the table`);
        }
      }
    }
  });

  test.each(changeRows)('%s waits, and is done then', async (_, make, change) => {
    const ref = own(make());
    const before = [JSON.stringify(ref), ref.version];
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const thread = new Thread();
    const holding = thread.run(
      ({ refFromId }, id, held) => {
        const target = refFromId(id);
        return target.lock(() => {
          Atomics.store(held, 0, 1);
          Atomics.wait(held, 0, 1); // until the change is about to be made
          Atomics.wait(held, 0, 2, 60);
          const seen = [JSON.stringify(target), target.version];
          Atomics.store(held, 0, 3);
          return seen;
        });
      },
      idOf(ref),
      cell,
    );
    await until(() => Atomics.load(cell, 0) === 1);
    Atomics.store(cell, 0, 2);
    Atomics.notify(cell, 0);
    ownRefs(change(ref));
    expect(Atomics.load(cell, 0)).toBe(3);
    expect(ref.version).not.toBe(before[1]);
    expect(await holding).toEqual(before);
  });

  test.each(
    subjects.flatMap(({ name, make, methods }) =>
      [...methods, ...common.filter((method) => !['lock', 'drop', 'move'].includes(nameOf(method)))]
        .filter((method) => !method.isAsync && method.key !== Symbol.asyncIterator)
        .filter((method) => !changeRows.some(([row]) => row === `${name} ${nameOf(method)}`))
        .map((method) => [`${name} ${nameOf(method)}`, make, method] as const),
    ),
  )('%s does not wait', async (_, make, method) => {
    const ref = own(make());
    const held = await new Thread().hold(ref);
    const result = call(method, ref, goodArguments(method));
    if (nameOf(method) === 'retain') own(result as Ref);
    if (ref.isAlive) expect(ref.tryLock(() => 1)).toBe(false);
    await held.leave();
  });

  test('every change is refused with ERR_LOCKED when lockTimeout is up, and has changed nothing', () => {
    const script = `
      const heap = require(${JSON.stringify(commonJsFile)});
      const changes = require(${JSON.stringify(changesFile)})(heap);
      const { Worker } = require('node:worker_threads');
      heap.configure({ lockTimeout: 15 });
      const cases = Object.values(changes).flatMap(({ make, calls }) =>
        Object.values(calls).map((change) => [make(), change]));
      const worker = new Worker(\`
        const { workerData, parentPort } = require('node:worker_threads');
        const { lockAll, refFromId } = require(\${${JSON.stringify(JSON.stringify(commonJsFile))}});
        lockAll(workerData.map((id) => refFromId(id)), () => {
          parentPort.postMessage('');
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        });
      \`, { eval: true, workerData: cases.map(([ref]) => ref.id) });
      worker.once('message', async () => {
        const wrong = [];
        for (const [ref, change] of cases) {
          const before = JSON.stringify(ref);
          let code;
          try { change(ref); } catch (error) { code = error.code; }
          if (code !== 'ERR_LOCKED' || JSON.stringify(ref) !== before) wrong.push([String(change), code, before]);
        }
        await worker.terminate();
        for (const [ref, change] of cases) change(ref);
        console.log(JSON.stringify({ wrong, count: cases.length, verify: heap.heap.verify().ok }));
      });`;
    const outcome = JSON.parse(runNode(['-e', script])) as object;
    expect(outcome).toEqual({ wrong: [], count: changeRows.length, verify: true });
  });

  const Point = new StructFactory({ x: 'number', on: 'boolean' });
  test.each<[string, () => Ref, (ref: any, n: number) => unknown, (ref: any) => unknown]>([
    [
      'setValue of a NumberRef',
      () => NumberRef.from(0),
      (ref, n) => ref.setValue(n),
      (ref) => ref.obtainValue(),
    ],
    [
      'add of a NumberRef',
      () => NumberRef.from(0),
      (ref) => ref.add(1),
      (ref) => ref.obtainValue(),
    ],
    ['a number field', () => Point.new(), (ref, n) => (ref.x = n), (ref) => ref.x],
    ['a boolean field', () => Point.new(), (ref, n) => (ref.on = n % 2 === 0), (ref) => ref.on],
    ['MapRef.set', () => new MapRef(), (ref, n) => ref.set('a', n), (ref) => ref.get('a')],
    ['MapRef.add', () => new MapRef(), (ref) => ref.add('a', 1), (ref) => ref.get('a')],
    [
      'MapRef.delete',
      () => MapRef.from({ a: 1 }),
      (ref, n) => (n % 2 ? ref.delete('a') : ref.set('a', n)),
      (ref) => ref.get('a'),
    ],
    ['VectorRef.setAt', () => VectorRef.from([0]), (ref, n) => ref.setAt(0, n), (ref) => ref.at(0)],
    [
      'VectorRef.push',
      () => new VectorRef(),
      (ref) => (ref.length > 1000 ? ref.clear() : ref.push(1)),
      (ref) => ref.length,
    ],
  ])('a compiled loop of %s stands still, and goes on', async (_, make, store, read) => {
    const ref = own(make());
    const cells = new Int32Array(new SharedArrayBuffer(8)); // rounds done, stop
    const storing = new Thread().run(
      ({ refFromId }, id, source, shared) => {
        const target = refFromId(id);
        const run = (0, eval)(`(${source})`) as (ref: object, n: number) => unknown;
        for (let n = 1; Atomics.load(shared, 1) === 0; n++) {
          run(target, n);
          Atomics.store(shared, 0, n);
        }
      },
      idOf(ref),
      store.toString(),
      cells,
    );
    const rounds = (): number => Atomics.load(cells, 0);
    await until(() => rounds() > 30_000);
    for (let i = 0; i < 5; i++) {
      ref.lock(() => {
        // One store that was under way may still land.
        const first = rounds();
        const sleeper = new Int32Array(new SharedArrayBuffer(4));
        Atomics.wait(sleeper, 0, 0, 30);
        const value = read(ref);
        Atomics.wait(sleeper, 0, 0, 5);
        expect(read(ref)).toBe(value);
        expect(rounds() - first).toBeLessThanOrEqual(2);
        store(ref, 7); // the holder's own are made
      });
      const after = rounds();
      await until(() => rounds() > after + 100);
    }
    Atomics.store(cells, 1, 1);
    await storing;
  });

  test('lockAsync waits without blocking', async () => {
    const map = own(new MapRef());
    const held = await new Thread().hold(map);
    const asked = map.lockAsync(() => 'mine');
    let turns = 0;
    while (turns < 20) {
      await pause(1);
      turns++;
    }
    expect(await Promise.race([asked, Promise.resolve('not yet')])).toBe('not yet');
    await held.leave();
    expect(await asked).toBe('mine');
  });

  test('drop, by id too, does not wait; who waits for the lock is told', async () => {
    const map = new MapRef();
    const held = await new Thread().hold(map);
    const waiting = new Thread().run(({ refFromId }, id) => refFromId(id).lock(() => 1), idOf(map));
    const code = codeOf(waiting);
    await untilQueued(1);
    map.drop();
    expect(await code).toBe('ERR_USE_AFTER_FREE');
    await held.leave();
  });

  test('setMany of many entries with refs goes on where it had stopped', async () => {
    const map = own(new MapRef<string, StringRef>());
    const thread = new Thread();
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const sizes = thread.run(
      ({ MapRef }, id, stop) => {
        const target = new MapRef(id);
        const seen: [number, number][] = [];
        const sleeper = new Int32Array(new SharedArrayBuffer(4));
        while (Atomics.load(stop, 0) < 2) {
          target.lock(() => {
            const { size } = target;
            Atomics.store(stop, 0, Math.max(1, Atomics.load(stop, 0)));
            Atomics.wait(sleeper, 0, 0, 1);
            seen.push([size, target.size]);
          });
        }
        return seen;
      },
      idOf(map),
      cell,
    );
    await until(() => Atomics.load(cell, 0) === 1);
    const n = 20_000;
    map.setMany(
      Array.from(
        { length: n },
        (_, i) => [`key ${i}`, StringRef.from(`text ${i}`).move()] as const,
      ),
    );
    Atomics.store(cell, 0, 2);
    const seen = await sizes;
    expect(map.size).toBe(n);
    for (let i = 0; i < n; i += 97) expect(map.getValue(`key ${i}`)).toBe(`text ${i}`);
    for (const [before, after] of seen) expect(after).toBe(before);
    expect(seen.some(([size]) => size > 0 && size < n)).toBe(true);
  });
});

describe('deadlocks', () => {
  /** Has a thread lock `first`, say so, and then do `then` with `second` when told. */
  async function take(
    thread: Thread,
    first: Ref,
    way: 'lock' | 'lockAsync',
  ): Promise<(second: Ref, then: Way) => Promise<string | undefined>> {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    const box = new Int32Array(new SharedArrayBuffer(4));
    const ids = new Float64Array(new SharedArrayBuffer(16));
    const done = thread.run(
      async ({ refFromId }, id, how, state, next, told) => {
        const actions: ((ref: any) => unknown)[] = [
          (ref) => ref.lock(() => 1),
          (ref) => ref.lockAsync(() => 1),
          (ref) => ref.set('changed', 1),
        ];
        const act = (): unknown => {
          Atomics.store(state, 0, 1);
          const target = refFromId(next[0]!);
          return actions[next[1]!]!(target);
        };
        const ref = refFromId(id);
        if (how === 'lock') {
          ref.lock(() => {
            Atomics.store(state, 0, 2);
            Atomics.wait(told, 0, 0);
            act();
          });
          return;
        }
        await ref.lockAsync(async () => {
          Atomics.store(state, 0, 2);
          while (Atomics.load(told, 0) === 0)
            await new Promise((resolve) => setTimeout(resolve, 1));
          await act();
        });
      },
      idOf(first),
      way,
      cell,
      ids,
      box,
    );
    const code = codeOf(done);
    await until(() => Atomics.load(cell, 0) === 2);
    return async (second, then) => {
      ids[0] = second.id;
      ids[1] = ways.indexOf(then);
      Atomics.store(box, 0, 1);
      Atomics.notify(box, 0);
      await until(() => Atomics.load(cell, 0) === 1);
      return code;
    };
  }
  const ways = ['lock', 'lockAsync', 'set'] as const;
  type Way = (typeof ways)[number];

  const kinds = [
    ['lock', 'lock', 'lock', 'lock'],
    ['lock', 'set', 'lock', 'set'],
    ['lock', 'lock', 'lock', 'set'],
    ['lockAsync', 'lockAsync', 'lockAsync', 'lockAsync'],
    ['lockAsync', 'lock', 'lockAsync', 'lock'],
    ['lockAsync', 'set', 'lockAsync', 'set'],
    ['lock', 'lock', 'lockAsync', 'lockAsync'],
    ['lockAsync', 'lockAsync', 'lock', 'set'],
  ] as const;
  test.each(kinds)(
    'two threads: %s then %s against %s then %s',
    async (holdA, thenA, holdB, thenB) => {
      const a = own(new MapRef());
      const b = own(new MapRef());
      const [first, second] = threads(2);
      const goA = await take(first!, a, holdA);
      const goB = await take(second!, b, holdB);
      const codes = [goA(b, thenA), untilQueued(1).then(() => goB(a, thenB))];
      const ends = await Promise.all(codes);
      expect(ends).toEqual([undefined, 'ERR_DEADLOCK']);
    },
  );

  test('a circle of three; the error tells the ids', async () => {
    const refs = [own(new MapRef()), own(new MapRef()), own(new MapRef())];
    const go1 = await take(new Thread(), refs[0]!, 'lock');
    const go2 = await take(new Thread(), refs[1]!, 'lockAsync');
    const ends: Promise<unknown>[] = [];
    const error = await refs[2]!.lockAsync(async () => {
      ends.push(go1(refs[1]!, 'lock'), go2(refs[2]!, 'lockAsync'));
      await untilQueued(2);
      return refs[0]!
        .lockAsync(() => 1)
        .catch((caught: unknown) => caught as Error & { code: string });
    });
    expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
    const { message } = error as Error;
    const places = refs.map((ref) => message.indexOf(String(ref.id)));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(await Promise.all(ends)).toEqual([undefined, undefined]);
  });

  test('a circle through the order of a queue: no holder waits, yet it would never end', async () => {
    const [a, b] = [own(new MapRef()), own(new MapRef())];
    const [asker, blocker] = threads(2);
    const held = await new Thread().hold(a);
    // asker: a task queued for a, and its thread asleep for b; blocker: holds b and asks for a.
    await asker!.run(({ refFromId, state }, id) => {
      state.task = refFromId(id).lockAsync(() => 'task');
    }, idOf(a));
    const goB = await take(blocker!, b, 'lock');
    const asleep = asker!.run(({ refFromId }, id) => refFromId(id).lock(() => 'slept'), idOf(b));
    await untilQueued(2);
    expect(await goB(a, 'lock')).toBe('ERR_DEADLOCK');
    expect(await asleep).toBe('slept');
    await held.leave();
    expect(await asker!.run(({ state }) => state.task as string)).toBe('task');
  });

  test('waiting for each other in turn is none', async () => {
    const refs = Array.from({ length: 4 }, () => own(new MapRef()));
    const ends = await Promise.all(
      threads(4).map((thread, i) =>
        thread.run(
          ({ lockAll, refFromId }, ids, from) => {
            for (let round = 0; round < 300; round++) {
              const some = ids
                .filter((_, at) => (at + round + from) % 3 !== 0)
                .map((id) => refFromId(id));
              lockAll(some.reverse(), () => some.forEach((ref: any) => ref.add('n', 1)));
            }
            return 'done';
          },
          refs.map(idOf),
          i,
        ),
      ),
    );
    expect(ends).toEqual(Array(4).fill('done'));
  });
});

test('the heap is sound after all that', () => {
  expect(heap.verify()).toMatchObject({ ok: true, problems: [] });
  expect(refFromId(own(new MapRef())).isAlive).toBe(true);
});
