// Holders of locks that die: the next holder is told, once.
import { MapRef, heap, lockAll, refFromId } from 'shared-heap';
import type { LockInfo, Ref } from 'shared-heap';
import { checkHeap, own } from '../js/support';
import { Thread, codeOf, endThreads, expectNothingWaits, untilQueued } from './thread';

checkHeap();
endThreads();
afterEach(expectNothingWaits);

const idOf = (ref: Ref): number => ref.id;

const deaths: [string, (thread: Thread) => Promise<unknown>][] = [
  ['terminate()', async (thread) => thread.terminate()],
  [
    'process.exit() in the thread',
    async (thread) => {
      const cell = new Int32Array(new SharedArrayBuffer(4));
      thread.worker.postMessage({ number: 0, source: '() => process.exit(3)', args: [cell] });
      expect(await thread.exited).toBe(3);
    },
  ],
  [
    'an uncaught error',
    async (thread) => {
      thread.worker.postMessage({
        number: 0,
        source: '() => { setImmediate(() => { throw new Error("on purpose"); }); }',
        args: [],
      });
      expect(await thread.exited).toBe(1);
    },
  ],
];

/** A thread that holds an object by a task, and so can still do things. */
async function holdByTask(ref: Ref): Promise<Thread> {
  const thread = new Thread();
  await thread.run(({ refFromId, state }, id) => {
    state.held = refFromId(id).lockAsync(() => new Promise(() => undefined));
  }, idOf(ref));
  return thread;
}

test.each(deaths)('%s: the next is told, once', async (_, die) => {
  const map = own(new MapRef());
  const thread = await holdByTask(map);
  expect(map.tryLock(() => 1)).toBe(false);
  await die(thread);
  const infos: LockInfo[] = [];
  map.lock((info) => {
    infos.push(info);
    map.lock((inner) => infos.push(inner));
  });
  map.lock((info) => infos.push(info));
  expect(infos.map(({ abandoned }) => abandoned)).toEqual([true, false, false]);
});

test.each<[string, (map: MapRef) => Promise<boolean> | boolean]>([
  ['lock', (map) => map.lock((info) => info.abandoned)],
  [
    'tryLock',
    (map) => {
      let told = false;
      map.tryLock((info) => (told = info.abandoned));
      return told;
    },
  ],
  ['lockAsync', (map) => map.lockAsync((info) => info.abandoned)],
  ['lockAll', (map) => lockAll([own(new MapRef()), map], (info) => info.abandoned)],
])('terminated in the middle of lock(): %s is told', async (_, next) => {
  const map = own(MapRef.from({ n: 0 }));
  const thread = new Thread();
  await thread.begin(({ MapRef }, signal, id) => {
    const counters = new MapRef<string, number>(id);
    counters.lock(() => {
      counters.add('n', 1);
      signal();
      for (;;) counters.get('n');
    });
  }, idOf(map));
  expect(map.tryLock(() => 1)).toBe(false);
  await thread.terminate();
  map.set('changed', 1); // a change does not take the news away
  expect(await next(map)).toBe(true);
  expect(await next(map)).toBe(false);
});

test('of those who wait the first is told, however it waits', async () => {
  for (const order of ['task first', 'thread first']) {
    const map = own(new MapRef());
    const holder = await holdByTask(map);
    const other = new Thread();
    const inThread = (): Promise<boolean> =>
      other.run(({ refFromId }, id) => refFromId(id).lock((info) => info.abandoned), idOf(map));
    const inTask = (): Promise<boolean> => map.lockAsync((info) => info.abandoned);
    const [first, second] = order === 'task first' ? [inTask, inThread] : [inThread, inTask];
    const one = first();
    await untilQueued(1);
    const two = second();
    await untilQueued(2);
    await holder.terminate();
    expect([await one, await two]).toEqual([true, false]);
  }
});

test('one that gives up waiting, or dies waiting, is not told and tells nobody', async () => {
  const map = own(new MapRef());
  const held = await new Thread().hold(map);
  const dying = new Thread();
  await dying.begin(({ refFromId }, signal, id) => {
    signal();
    refFromId(id).lock(() => 1);
  }, idOf(map));
  await untilQueued(1);
  const late = codeOf(map.lockAsync(() => 1, { timeout: 1 }));
  expect(await late).toBe('ERR_LOCKED');
  await dying.terminate();
  await held.leave();
  expect(map.lock((info) => info.abandoned)).toBe(false);
});

test('several locks at once, an object that has ended among them', async () => {
  const refs = Array.from({ length: 5 }, () => own(new MapRef()));
  const gone = new MapRef();
  const thread = new Thread();
  await thread.begin(
    ({ lockAll, refFromId }, signal, ids) => {
      lockAll(
        ids.map((id) => refFromId(id)),
        () => {
          signal();
          while (refFromId(ids[0]!).isAlive);
        },
      );
    },
    [...refs, gone].map(idOf),
  );
  gone.drop();
  await thread.terminate();
  expect(refs.map((ref) => ref.lock((info) => info.abandoned))).toEqual(Array(5).fill(true));
  expect(lockAll(refs, (info) => info.abandoned)).toBe(false);
});

test('an error that lock() passes on leaves the lock as it should: not abandoned', async () => {
  const map = own(new MapRef());
  const thread = new Thread();
  await thread.begin(({ refFromId }, signal, id) => {
    setImmediate(() => {
      refFromId(id).lock(() => {
        signal();
        throw new Error('on purpose');
      });
    });
  }, idOf(map));
  expect(await thread.exited).toBe(1);
  expect(map.lock((info) => info.abandoned)).toBe(false);
});

test('the heap is sound after all that', () => {
  expect(heap.verify()).toMatchObject({ ok: true, problems: [] });
  expect(refFromId(own(new MapRef())).isAlive).toBe(true);
});
