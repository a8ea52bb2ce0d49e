// QueueRef in one thread: order, bounds, closing, ownership, waiting. Threads: test/workers/queue.test.ts.
import { inspect } from 'node:util';
import { MapRef, NumberRef, QueueRef, StringRef, StructFactory, names, share } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { blocked, checkHeap, counts, own, ownRefs, primitives } from './support';

checkHeap();

const AT_ONCE = { timeout: 0 };

function queueOf(...values: unknown[]): QueueRef {
  const queue = own(new QueueRef());
  for (const value of values) queue.push(value);
  return queue;
}

describe('values', () => {
  test('every primitive comes out as it went in, in order', async () => {
    const queue = own(QueueRef.withCapacity(primitives.length));
    for (const value of primitives) expect(queue.tryPush(value)).toBe(true);
    expect(queue.obtainValue()).toEqual(primitives);
    for (const value of primitives) expect(queue.pop()).toBe(value);
    for (const value of primitives) {
      await queue.pushAsync(value);
      expect(await queue.popAsync()).toBe(value);
    }
    expect(queue.length).toBe(0);
  });

  test('first in, first out, many times round', () => {
    const queue = own(QueueRef.withCapacity<number | string>(7));
    let next = 0;
    let expected = 0;
    for (let round = 0; round < 500; round++) {
      while (queue.tryPush(next % 3 === 0 ? `text ${next}` : next)) next++;
      expect(queue.length).toBe(7);
      for (let i = 0; i <= round % 7; i++) {
        expect(queue.tryPop()).toBe(expected % 3 === 0 ? `text ${expected}` : expected);
        expected++;
      }
    }
  });

  test('in a struct field, a map, another queue, by name, and through share', () => {
    const Job = new StructFactory({ results: QueueRef });
    const inner = queueOf(1, 'two');
    const job = own(Job.new({ results: inner }));
    const map = own(MapRef.from({ inner }));
    const outer = queueOf(inner);
    expect(job.obtainValue()).toEqual({ results: [1, 'two'] });
    expect(map.getValue('inner')).toEqual([1, 'two']);
    expect(outer.obtainValue()).toEqual([[1, 'two']]);
    expect(JSON.stringify({ outer })).toBe('{"outer":[[1,"two"]]}');
    blocked(() => job.update({ results: own(new StringRef()) as any }), 'ERR_TYPE_MISMATCH');
    const shared = own(share({ list: [inner] }));
    expect(shared.obtainValue()).toEqual({ list: [[1, 'two']] });
    expect(counts(inner)).toEqual([1, 4]);
    expect(QueueRef.named('jobs', 3).capacity).toBe(3);
    expect(QueueRef.named('jobs', 5).capacity).toBe(3);
    expect(QueueRef.named('more').capacity).toBe(1024);
    blocked(() => MapRef.named('jobs'), 'ERR_TYPE_MISMATCH');
    names.delete('jobs');
  });

  test('a copy of more than one chunk, with the ring wrapped', () => {
    const queue = own(QueueRef.withCapacity<number>(3000));
    for (let i = 0; i < 2000; i++) queue.push(-1);
    for (let i = 0; i < 2000; i++) queue.pop();
    const values = Array.from({ length: 3000 }, (_, i) => i);
    for (const value of values) queue.push(value);
    expect(queue.obtainValue()).toEqual(values);
  });
});

test('console.log shows id, size, contents, and whether it is closed', () => {
  const queue = queueOf(1, 'two');
  expect(inspect(queue)).toBe(`QueueRef(2) { id: ${queue.id}, 1, 'two' }`);
  expect(inspect({ queue }, { depth: 0 })).toBe('{ queue: [QueueRef] }');
  queue.push(queue);
  queue.close();
  const itself = `[Circular QueueRef ${queue.id}]`;
  expect(inspect(queue, { breakLength: Infinity })).toBe(
    `QueueRef(3) { id: ${queue.id}, closed, 1, 'two', ${itself} }`,
  );
  expect(inspect(queue, { maxArrayLength: 1, breakLength: Infinity })).toMatch(
    /, 1, \.\.\. 2 more items }$/,
  );
  ownRefs(...queue);
  const gone = new QueueRef();
  gone.drop();
  expect(inspect(gone)).toBe(`QueueRef { id: ${gone.id}, dead }`);
});

describe('capacity', () => {
  test('is 1,024 or what was asked for, and bounds the length', () => {
    expect(own(new QueueRef()).capacity).toBe(1024);
    const queue = own(QueueRef.withCapacity<number>(2));
    expect([queue.capacity, queue.length, queue.closed]).toEqual([2, 0, false]);
    expect([queue.tryPush(1), queue.tryPush(2), queue.tryPush(3)]).toEqual([true, true, false]);
    expect([queue.tryPop(), queue.length, queue.tryPush(4)]).toEqual([1, 1, true]);
    expect(queue.obtainValue()).toEqual([2, 4]);
  });
});

describe('waiting', () => {
  test('a push to a full queue and a pop from an empty one give up in time', async () => {
    const queue = own(QueueRef.withCapacity(1));
    const text = own(StringRef.from('x')).move();
    for (const timeout of [0, 5]) {
      blocked(() => queue.pop({ timeout }), 'ERR_TIMEOUT', /was empty/);
      await expect(queue.popAsync({ timeout })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    }
    queue.push('full', AT_ONCE);
    for (const value of [1, 'x', 5n, text]) {
      for (const timeout of [0, 5]) {
        blocked(() => queue.push(value, { timeout }), 'ERR_TIMEOUT', /was full/);
        const late = queue.pushAsync(value, { timeout });
        await expect(late).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      }
    }
    expect(queue.obtainValue()).toEqual(['full']);
    // The ref is as it was: still to be moved.
    expect(queue.pop()).toBe('full');
    queue.push(text);
    expect(counts(own(queue.pop({ timeout: Infinity }) as Ref))).toEqual([1, 0]);
    blocked(() => text.obtainValue(), 'ERR_USE_AFTER_FREE');
  });

  test('promises are kept in turn, one for each value', async () => {
    const queue = own(QueueRef.withCapacity<number>(1));
    const pops = [queue.popAsync(), queue.popAsync(), queue.popAsync()];
    await Promise.all([queue.pushAsync(1), queue.pushAsync(2), queue.pushAsync(3)]);
    expect((await Promise.all(pops)).sort()).toEqual([1, 2, 3]);
    expect(queue.length).toBe(0);
  });

  test('a moved ref goes with the push that gets through', async () => {
    const queue = own(QueueRef.withCapacity(1));
    queue.push(1);
    const ref = StringRef.from('x').move();
    const first = queue.pushAsync(ref);
    const second = queue.pushAsync(ref);
    queue.pop();
    await Promise.race([first, second]);
    expect(counts(own((await queue.popAsync()) as Ref))).toEqual([1, 0]);
    const [a, b] = await Promise.allSettled([first, second]);
    expect([a.status, b.status].sort()).toEqual(['fulfilled', 'rejected']);
    expect(queue.length).toBe(0);
  });

  test('a queue that is dropped rejects whoever waits for it', async () => {
    const queue = QueueRef.withCapacity<number>(1);
    const pop = queue.popAsync();
    queue.drop();
    await expect(pop).rejects.toMatchObject({ code: 'ERR_USE_AFTER_FREE' });
  });
});

describe('close', () => {
  test('what is there may be popped; nothing can be pushed', async () => {
    const queue = queueOf(1, undefined, 'x');
    queue.close();
    queue.close();
    expect([queue.closed, queue.length]).toEqual([true, 3]);
    const text = own(StringRef.from('x')).move();
    for (const value of [1, 'text', text]) {
      blocked(() => queue.push(value), 'ERR_QUEUE_CLOSED', /closed/);
      blocked(() => queue.tryPush(value), 'ERR_QUEUE_CLOSED');
      await expect(queue.pushAsync(value)).rejects.toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
    }
    expect(text.obtainValue()).toBe('x');
    expect(queue.pop()).toBe(1);
    expect(await queue.popAsync()).toBeUndefined();
    expect(queue.tryPop()).toBe('x');
    for (let i = 0; i < 3; i++) {
      expect([queue.pop(), queue.pop(AT_ONCE), queue.tryPop()]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(await queue.popAsync(AT_ONCE)).toBeUndefined();
    }
  });

  test('ends what waits', async () => {
    const empty = own(new QueueRef<number>());
    const full = own(QueueRef.withCapacity<number>(1));
    full.push(1);
    const pops = [empty.popAsync(), empty.popAsync()];
    const push = full.pushAsync(2);
    empty.close();
    full.close();
    expect(await Promise.all(pops)).toEqual([undefined, undefined]);
    await expect(push).rejects.toMatchObject({ code: 'ERR_QUEUE_CLOSED' });
    expect(full.obtainValue()).toEqual([1]);
  });
});

describe('iteration', () => {
  test('takes everything until the end, undefined too', async () => {
    const values = [undefined, 1, undefined, 'x', null];
    const queue = queueOf(...values);
    queue.close();
    expect([...queue]).toEqual(values);
    expect([...queue]).toEqual([]);
    const other = queueOf(...values);
    other.close();
    const seen: unknown[] = [];
    for await (const value of other) seen.push(value);
    expect(seen).toEqual(values);
  });

  test('left early, the rest stays', async () => {
    const queue = queueOf(1, 2, 3, 4, 5);
    for (const value of queue) if (value === 2) break;
    for await (const value of queue) if (value === 4) break;
    expect(queue.obtainValue()).toEqual([5]);
  });

  test('for await gets what is pushed meanwhile', async () => {
    const queue = own(QueueRef.withCapacity<number>(2));
    const produce = async (): Promise<void> => {
      for (let i = 0; i < 20; i++) await queue.pushAsync(i);
      queue.close();
    };
    const produced = produce();
    const seen: number[] = [];
    for await (const value of queue) seen.push(value);
    await produced;
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe('ownership', () => {
  test('a moved ref gives its claim and comes back with it', () => {
    const queue = own(new QueueRef<StringRef>());
    const text = StringRef.from('x');
    const { id } = text;
    queue.push(text.move());
    blocked(() => text.obtainValue(), 'ERR_USE_AFTER_FREE');
    expect(counts(new StringRef(id))).toEqual([0, 1]);
    const popped = own(queue.pop()!);
    expect(popped.id).toBe(id);
    expect(counts(popped)).toEqual([1, 0]);
    popped.move(); // it owns
  });

  test('another keeps its claim, and each that is popped has one of its own', async () => {
    const number = own(NumberRef.from(1));
    const queue = queueOf(number, number, number, number);
    expect(counts(number)).toEqual([1, 4]);
    const popped = [queue.pop(), queue.tryPop(), await queue.popAsync()];
    for (const value of queue) {
      popped.push(value);
      break;
    }
    expect(counts(number)).toEqual([5, 0]);
    for (const ref of popped) (ref as Ref).drop();
    expect(counts(number)).toEqual([1, 0]);
  });

  test('a queue that goes releases what is in it', () => {
    const kept = own(StringRef.from('kept'));
    const gone = StringRef.from('gone');
    const queue = new QueueRef();
    queue.push(kept);
    queue.push(gone.move());
    const inside = new StringRef(gone.id);
    queue.drop();
    expect([kept.isAlive, inside.isAlive]).toEqual([true, false]);
    expect(counts(kept)).toEqual([1, 0]);
  });
});
