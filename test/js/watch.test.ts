// watch: who is called, when, how often, and what is left of it afterwards.
import { MapRef, NumberRef, VectorRef, refFromId } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { Thread, endThreads, expectNothingWaits, until } from '../workers/thread';
import { checkHeap, commonJsFile, inChild, native, own, runNode } from './support';
import type { Heap } from './support';
import { beginStore, changeRows, expectLastStoreSeen, hasView, newStruct } from './support-changes';

checkHeap();
endThreads();
afterEach(expectNothingWaits);

/** Long enough for what was told before to have been delivered: events come in order. */
async function delivered(): Promise<void> {
  const last = own(new MapRef());
  const told = jest.fn();
  const watch = last.watch(told);
  last.set('a', 1);
  await until(() => told.mock.calls.length > 0);
  watch.unwatch();
}

describe.each(changeRows)('%s', (_, make, change) => {
  test('is told to whoever watches, in the thread that did it and in others', async () => {
    const ref = own(make());
    const seen = jest.fn();
    const thread = new Thread();
    await thread.run(({ refFromId, state }, id) => {
      state.calls = 0;
      state.watch = refFromId(id).watch(() => state.calls++);
    }, ref.id);
    const watch = ref.watch(seen);
    expect(seen).not.toHaveBeenCalled();
    change(ref);
    expect(seen).not.toHaveBeenCalled(); // later
    await until(() => seen.mock.calls.length > 0);
    expect(seen).toHaveBeenCalledTimes(1);
    expect(seen.mock.calls[0][0] === ref).toBe(true); // jest would iterate over a queue, and so empty it
    const theirs = await thread.run(async ({ state }) => {
      while (state.calls === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      state.watch.unwatch();
      return state.calls as number;
    });
    expect(theirs).toBe(1);
    watch.unwatch();
  });
});

test('what does not change the object is not told', async () => {
  const child = own(MapRef.from({ a: 1 }));
  const map = own(MapRef.from<any>({ child }));
  const seen = jest.fn();
  const watch = map.watch(seen);
  child.set('a', 2);
  map.get('child');
  map.has('a');
  map.retain().drop();
  map.lock(() => 1);
  await map.lockAsync(() => 1);
  map.delete('absent');
  expect(() => map.set('a', {} as any)).toThrow();
  await delivered();
  expect(seen).not.toHaveBeenCalled();
  watch.unwatch();
});

describe('how often', () => {
  test('once for all changes that have come since', async () => {
    const map = own(new MapRef<number, number>());
    const sizes: number[] = [];
    const watch = map.watch((ref) => sizes.push(ref.size));
    for (let i = 0; i < 1000; i++) map.set(i, i);
    await delivered();
    expect(sizes).toEqual([1000]);
    map.clear();
    await delivered();
    expect(sizes).toEqual([1000, 0]);
    watch.unwatch();
  });

  test('a change made in the callback is another change', async () => {
    const number = own(NumberRef.from(5));
    const seen: number[] = [];
    const watch = number.watch(() => {
      seen.push(number.obtainValue());
      if (number.obtainValue() > 0) number.sub(1);
    });
    number.setValue(3);
    await until(() => seen.includes(0));
    await delivered();
    expect(seen).toEqual([3, 2, 1, 0]);
    watch.unwatch();
  });

  test('each watch by itself, also several of one object by one callback', async () => {
    const map = own(new MapRef());
    const seen = jest.fn();
    const watches = [map.watch(seen), map.watch(seen), refFromId(map).watch(seen)];
    map.set('a', 1);
    await delivered();
    expect(seen).toHaveBeenCalledTimes(3);
    watches[0]!.unwatch();
    map.set('a', 2);
    await delivered();
    expect(seen).toHaveBeenCalledTimes(5);
    for (const watch of watches) watch.unwatch();
  });

  test('more objects than go into one batch: each once', async () => {
    const refs = Array.from({ length: 1000 }, () => own(new VectorRef<number>()));
    const calls = new Map<Ref, number>();
    const watches = refs.map((ref) => ref.watch(() => calls.set(ref, (calls.get(ref) ?? 0) + 1)));
    for (const ref of refs) ref.push(1, 2);
    await delivered();
    expect(calls.size).toBe(1000);
    expect(new Set(calls.values())).toEqual(new Set([1]));
    for (const watch of watches) watch.unwatch();
  });

  test('changes by several threads: the last state is seen', async () => {
    const map = own(MapRef.from({ n: 0 }));
    let seen = 0;
    const watch = map.watch(() => (seen = map.get('n')!));
    const count = async () =>
      new Thread().run(({ refFromId }, id) => {
        const counter: any = refFromId(id);
        for (let i = 0; i < 5000; i++) counter.add('n', 1);
      }, map.id);
    await Promise.all([count(), count(), count()]);
    await delivered();
    expect(seen).toBe(15_000);
    watch.unwatch();
  });
});

describe('unwatch', () => {
  test('nothing is called after it, even for what has been told already', async () => {
    const map = own(new MapRef());
    const seen = jest.fn();
    const watch = map.watch(seen);
    map.set('a', 1);
    watch.unwatch();
    watch.unwatch();
    map.set('a', 2);
    await delivered();
    expect(seen).not.toHaveBeenCalled();
  });

  test('[Symbol.dispose] is the same', async () => {
    const map = own(new MapRef());
    const seen = jest.fn();
    const watch = map.watch(seen);
    map.set('a', 1);
    watch[Symbol.dispose]();
    watch[Symbol.dispose]();
    await delivered();
    expect(seen).not.toHaveBeenCalled();
  });

  test('in its own callback, in that of another, and a new watch begun there', async () => {
    const map = own(new MapRef());
    const quiet = own(new MapRef());
    const calls: string[] = [];
    const first = map.watch(() => {
      calls.push('first');
      first.unwatch();
      second.unwatch();
      third = quiet.watch(() => calls.push('third')); // gets the token of one of them
      fourth = quiet.watch(() => calls.push('fourth'));
    });
    const second = map.watch(() => {
      calls.push('second');
      first.unwatch();
      second.unwatch();
      third = quiet.watch(() => calls.push('third'));
      fourth = quiet.watch(() => calls.push('fourth'));
    });
    let third: ReturnType<Ref['watch']>;
    let fourth: ReturnType<Ref['watch']>;
    map.set('a', 1);
    await delivered();
    expect(calls).toHaveLength(1);
    map.set('a', 2);
    quiet.set('a', 1);
    await delivered();
    expect(calls.slice(1).sort()).toEqual(['fourth', 'third']);
    third!.unwatch();
    fourth!.unwatch();
  });

  test('of many in any order', () => {
    const map = own(new MapRef());
    const watches = Array.from({ length: 300 }, () => map.watch(() => undefined));
    const shuffled = watches.map((watch, i) => [(i * 7919) % 300, watch] as const);
    for (const [, watch] of shuffled.sort(([a], [b]) => a - b)) watch.unwatch();
    native.countWaits();
    expect(native.out[2]).toBe(0);
  });
});

describe('the end of the object', () => {
  test.each([
    ['MapRef', () => new MapRef()],
    ['NumberRef', () => new NumberRef()],
    ['StructRef', newStruct],
  ])('%s: is the last thing told, once, by whatever it ends', async (_, make) => {
    for (const by of ['this thread', 'another thread']) {
      const ref: Ref = make();
      const alive: boolean[] = [];
      const watch = ref.watch((each) => alive.push(each.isAlive));
      if (by === 'this thread') ref.drop();
      else await new Thread().run(({ refFromId }, id) => refFromId(id).drop(), ref.id);
      await delivered();
      expect(alive).toEqual([false]);
      await expectNothingWaits(); // it has gone by itself
      watch.unwatch();
    }
  });

  test('an element that goes with its container', async () => {
    const child = MapRef.from({ a: 1 });
    const borrowed = refFromId(child);
    const vector = VectorRef.from([child.move()]);
    const alive: boolean[] = [];
    borrowed.watch((each) => alive.push(each.isAlive));
    vector.drop();
    await delivered();
    expect(alive).toEqual([false]);
  });

  test('its slot used again at once: the new object is not taken for it', async () => {
    const alive: boolean[] = [];
    for (let i = 0; i < 300; i++) {
      const map = new MapRef();
      map.watch((each) => alive.push(each.isAlive));
      map.drop();
    }
    const next = Array.from({ length: 600 }, () => own(new MapRef()));
    for (const ref of next) ref.set('a', 1);
    await delivered();
    expect(alive).toEqual(Array(300).fill(false));
  });
});

describe('an error in a callback', () => {
  test('is uncaught; the other callbacks are called, and the watch goes on', () => {
    const seen = inChild(async ({ MapRef }: Heap) => {
      const map = new MapRef();
      const calls: string[] = [];
      process.on('uncaughtException', (error) => calls.push(error.message));
      const watches = ['a', 'b', 'c'].map((name) =>
        map.watch(() => {
          calls.push(name);
          if (name !== 'b') throw new Error(`of ${name}`);
        }),
      );
      for (let round = 1; round <= 2; round++) {
        map.set('a', round);
        while (calls.length < 5 * round) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      for (const watch of watches) watch.unwatch();
      return [calls.slice(0, 5).sort(), calls.slice(5).sort()];
    }, []);
    const expected = ['a', 'b', 'c', 'of a', 'of c'];
    expect(seen).toEqual([expected, expected]);
  });

  test('that nobody handles ends the thread as any other', async () => {
    const map = own(new MapRef());
    const thread = new Thread();
    const error = new Promise<Error>((resolve) => thread.worker.once('error', resolve));
    await thread.run(({ refFromId }, id) => {
      refFromId(id).watch(() => {
        throw new Error('on purpose');
      });
    }, map.id);
    map.set('a', 1);
    expect((await error).message).toBe('on purpose');
    expect(await thread.exited).toBe(1);
  });

  test('under a lock that the callback takes: the lock is free', async () => {
    const map = own(new MapRef());
    const thread = new Thread();
    await thread.run(({ refFromId, state }, id) => {
      const watched = refFromId(id);
      process.on('uncaughtException', () => (state.caught = true));
      state.watch = watched.watch(() =>
        watched.lock(() => {
          throw new Error('on purpose');
        }),
      );
    }, map.id);
    map.set('a', 1);
    await thread.run(async ({ state }) => {
      while (!state.caught) await new Promise((resolve) => setTimeout(resolve, 1));
    });
    expect(map.tryLock(() => 1)).toBe(true);
    await thread.terminate();
  });
});

describe('the life of the process', () => {
  const script = (body: string): string => `
    const { MapRef } = require(${JSON.stringify(commonJsFile)});
    const map = new MapRef();
    process.on('exit', () => console.log('exit'));
    ${body}`;

  test('a watch does not keep it alive', () => {
    expect(runNode(['-e', script('map.watch(() => 1);')])).toBe('exit\n');
    expect(runNode(['-e', script('map.watch(() => 1, { ref: false });')])).toBe('exit\n');
    expect(runNode(['-e', script('map.watch(() => 1); map.set("a", 1);')])).toBe('exit\n');
  });

  test('one with { ref: true } does, the first and any other, until it ends', () => {
    const unwatch = `
      const watch = map.watch(() => { console.log('told'); watch.unwatch(); }, { ref: true });
      setTimeout(() => map.set('a', 1), 50).unref();`;
    expect(runNode(['-e', script(unwatch)])).toBe('told\nexit\n');
    const other = `new MapRef().watch(() => 1); ${unwatch}`;
    expect(runNode(['-e', script(other)])).toBe('told\nexit\n');
    const drop = `map.watch(() => console.log('told'), { ref: true }); setTimeout(() => map.drop(), 50).unref();`;
    expect(runNode(['-e', script(drop)])).toBe('told\nexit\n');
  });

  test('process.exit() with a watch', () => {
    expect(
      runNode([
        '-e',
        script('map.watch(() => 1, { ref: true }); map.set("a", 1); process.exit();'),
      ]),
    ).toBe('exit\n');
  });
});

describe('what is left', () => {
  test('the callback can be collected after unwatch, and after the end of the object', () => {
    const left = inChild(
      async ({ MapRef }: Heap) => {
        const kept: WeakRef<object>[] = [];
        const start = (end: 'unwatch' | 'drop'): void => {
          const map = new MapRef();
          const callback = (): void => undefined;
          const watch = map.watch(callback);
          kept.push(new WeakRef(callback), new WeakRef(watch), new WeakRef(map));
          if (end === 'unwatch') watch.unwatch();
          map.drop();
        };
        for (let i = 0; i < 50; i++) start(i % 2 === 0 ? 'unwatch' : 'drop');
        for (let i = 0; i < 50 && kept.some((each) => each.deref()); i++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          global.gc!();
        }
        return kept.filter((each) => each.deref()).length;
      },
      [],
      { flags: ['--expose-gc'] },
    );
    expect(left).toBe(0);
  });

  test('nothing, of a thread that ends with watches', async () => {
    const refs = [own(new MapRef()), own(new NumberRef()), own(newStruct())];
    const thread = new Thread();
    await thread.run(
      ({ refFromId }, ids) => {
        for (const id of ids)
          for (let i = 0; i < 50; i++) refFromId(id).watch(() => 1, { ref: i === 0 });
      },
      refs.map((ref) => ref.id as number),
    );
    await thread.terminate();
    await expectNothingWaits();
  });
});

describe('a loop of another thread that stores when the watch begins: its last store is told', () => {
  test.each([
    ['NumberRef', () => NumberRef.from(0)],
    ['number field', newStruct],
  ])('%s', async (_, make) => {
    await expectLastStoreSeen(
      make,
      (ref, isDone) =>
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (!isDone()) return;
            watch.unwatch();
            resolve();
          };
          const watch = ref.watch(look);
          look();
        }),
    );
  });
});

// Without the view no store is ever between its check and its landing.
if (hasView) {
  test('a store that had passed its check when the watch began is told', async () => {
    const number = own(NumberRef.from(1));
    const store = await beginStore(number, 2);
    const seen: number[] = [];
    const watch = number.watch(() => seen.push(number.obtainValue()));
    await delivered();
    expect(seen).toEqual([]);
    store();
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
    watch.unwatch();
  });
}
