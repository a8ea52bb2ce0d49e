// Several things in one step: MapRef.update, VectorRef.takeMany, StructRef.update and snapshot.
// Threads: test/workers/queue.test.ts.
import { MapRef, NumberRef, StringRef, StructFactory, VectorRef } from 'shared-heap';
import type { Ref } from 'shared-heap';
import {
  blocked,
  checkHeap,
  chunkLengths,
  counts,
  liveBytes,
  own,
  ownRefs,
  primitives,
  thrownBy,
} from './support';

checkHeap();

describe('MapRef.update', () => {
  test('any value becomes any other, absent ones too', () => {
    const map = own(new MapRef<string, any>());
    for (const [i, value] of primitives.entries()) {
      const next = primitives[primitives.length - 1 - i];
      map.set('k', value);
      const result = map.update('k', (current: unknown) => {
        expect(current).toBe(value);
        return next;
      });
      expect(result).toBe(next);
      expect(map.get('k')).toBe(next);
    }
    expect(map.update('new', (value) => [value].length)).toBe(1);
    expect(map.get('new')).toBe(1);
    expect(map.update('u', () => undefined)).toBeUndefined();
    expect(map.has('u')).toBe(true);
  });

  test('starts over with the value that is there by then', () => {
    const map = own(MapRef.from({ n: 1 }));
    const seen: (number | undefined)[] = [];
    const result = map.update('n', (n) => {
      seen.push(n);
      if (seen.length < 4) map.add('n', 10);
      return (n ?? 0) + 0.5;
    });
    expect(seen).toEqual([1, 11, 21, 31]);
    expect([result, map.get('n')]).toEqual([31.5, 31.5]);
  });

  test('a value that is the same again is unchanged; a removed one is not', () => {
    const map = own(MapRef.from<any>({ text: 'the same text, again' }));
    let calls = 0;
    map.update('text', (text: string) => {
      calls++;
      if (calls === 1) map.set('text', `${text.slice(0, 8)} text, again`);
      if (calls === 2) map.delete('text');
      return `${text} ${calls}`;
    });
    expect(calls).toBe(1);
    map.update('text', (text) => {
      calls++;
      if (calls === 2) map.delete('text');
      return [text, calls].join();
    });
    expect(map.get('text')).toBe(',3');
  });

  test('gives up after 10,000 tries and has changed nothing', () => {
    const map = own(MapRef.from({ n: 0 }));
    let calls = 0;
    const run = (): unknown => map.update('n', () => map.add('n', 1) + ++calls);
    blocked(run, 'ERR_CONFLICT', /10000 tries/);
    expect([calls, map.get('n')]).toEqual([10_000, 10_000]);
  });

  test('what is thrown comes through and nothing has changed', () => {
    const mine = new Error('mine');
    const ref = own(StringRef.from('x'));
    const map = own(MapRef.from<any>({ ref }));
    const before = liveBytes();
    const fail = (): never => {
      throw mine;
    };
    for (const key of ['ref', 'absent']) expect(thrownBy(() => map.update(key, fail))).toBe(mine);
    blocked(() => map.update('ref', () => ({}) as any), 'ERR_UNSUPPORTED_VALUE');
    blocked(() => map.update('ref', async () => Promise.resolve(1)), 'ERR_UNSUPPORTED_VALUE');
    expect(map.size).toBe(1);
    expect(counts(ref)).toEqual([1, 1]);
    expect(liveBytes()).toBe(before);
  });

  test('a ref is the callback’s for the time of the call', () => {
    const map = own(MapRef.from<any>({ ref: StringRef.from('x').move() }));
    let given: StringRef | undefined;
    map.update('ref', (ref: StringRef) => {
      given = ref;
      map.delete('ref');
      expect(counts(ref)).toEqual([1, 0]);
      expect(ref.obtainValue()).toBe('x');
      map.set('ref', ref);
      return 'text';
    });
    expect(map.get('ref')).toBe('text');
    blocked(() => given!.obtainValue(), 'ERR_USE_AFTER_FREE');
  });

  test('the same ref, changed, or moved back', () => {
    const map = own(MapRef.from<any>({ n: NumberRef.from(1).move() }));
    const id = (map.get('n') as Ref).id;
    for (const returned of [(ref: NumberRef) => ref, (ref: NumberRef) => ref.move()]) {
      const result: NumberRef = map.update('n', (ref: NumberRef) => {
        ref.add(1);
        return returned(ref);
      });
      expect(result.id).toBe(id);
      expect(counts(result)).toEqual([0, 1]);
      blocked(() => result.move(), 'ERR_NO_CLAIM'); // it borrows
    }
    expect(map.getValue('n')).toBe(3);
  });

  test('the callback may drop or keep what it is given', () => {
    const map = own(MapRef.from<any>({ a: StringRef.from('x').move() }));
    let kept: StringRef | undefined;
    map.update('a', (ref: StringRef) => {
      kept = own(ref.retain());
      ref.drop();
      return 1;
    });
    expect(counts(kept!)).toEqual([1, 0]);
    blocked(
      () =>
        map.update('a', () => kept!.retain().move()) &&
        map.update('gone', () => {
          const ref = StringRef.from('y');
          ref.drop();
          return ref;
        }),
      'ERR_USE_AFTER_FREE',
    );
    expect(counts(kept!)).toEqual([1, 1]);
  });

  test('a moved result that came too late, or cannot be stored, is given up', () => {
    const map = own(MapRef.from<any>({ a: 0 }));
    const made: StringRef[] = [];
    const result: StringRef = map.update('a', (n: number) => {
      if (made.length < 2) map.set('a', n + 1);
      const ref = StringRef.from('made').move();
      made.push(new StringRef(ref.id));
      return ref;
    });
    expect(made.map((ref) => ref.isAlive)).toEqual([false, false, true]);
    expect(result.id).toBe(made[2]!.id);
    const dead = MapRef.from<any>({ a: 1 });
    const run = (): unknown =>
      dead.update('a', () => {
        dead.drop();
        const ref = StringRef.from('late').move();
        made.push(new StringRef(ref.id));
        return ref;
      });
    blocked(run, 'ERR_USE_AFTER_FREE');
    expect(made[3]!.isAlive).toBe(false);
  });

  test('updates within updates, of other keys and the same one', () => {
    const map = own(MapRef.from({ a: 1, b: 1 }));
    let calls = 0;
    map.update('a', (a) => {
      map.update('b', (b) => (b ?? 0) + (a ?? 0));
      if (calls++ === 0) map.update('a', (inner) => (inner ?? 0) + 100);
      return (a ?? 0) + 1;
    });
    expect(map.obtainValue()).toEqual({ a: 102, b: 103 });
  });
});

describe('VectorRef.takeMany', () => {
  test.each(chunkLengths)('of %i elements', (length) => {
    for (const count of [0, 1, 1024, 1025, length, length + 1, Infinity]) {
      const values = Array.from({ length }, (_, i) => (i % 3 === 0 ? `text ${i}` : i));
      const vector = own(VectorRef.from(values));
      expect(vector.takeMany(count)).toEqual(values.splice(0, count));
      expect(vector.obtainValue()).toEqual(values);
      vector.drop();
    }
  });

  test('refs are handed over', () => {
    const kept = own(StringRef.from('kept'));
    const vector = own(VectorRef.from<any>([StringRef.from('moved').move(), kept, 1, kept]));
    const taken = vector.takeMany(3);
    ownRefs(...taken);
    expect(counts(taken[0] as Ref)).toEqual([1, 0]);
    expect(counts(kept)).toEqual([2, 1]);
    expect(taken[2]).toBe(1);
    expect(vector.length).toBe(1);
  });
});

describe('StructRef.update and snapshot', () => {
  const Account = new StructFactory({
    name: 'string',
    balance: 'number',
    open: 'boolean',
    big: 'bigint',
    owner: 'ref',
    note: 'any',
    texts: VectorRef,
    update: 'number', // named like a member
  });

  test('sets what is named, leaves the rest', () => {
    const account = own(Account.new({ name: 'a', note: 'kept' }));
    account.update({ balance: 5, open: true, name: 'a longer name for the account', update: 3 });
    expect(account.snapshot()).toEqual({
      name: 'a longer name for the account',
      balance: 5,
      open: true,
      big: 0n,
      owner: null,
      note: 'kept',
      texts: null,
      update: 3,
    });
    expect([account.balance, account.open, account.name]).toEqual([
      5,
      true,
      'a longer name for the account',
    ]);
    account.update({});
    account.update({ note: undefined });
    expect(account.note).toBeUndefined();
  });

  test('what a snapshot gives, update takes', () => {
    const texts = own(VectorRef.from(['x']));
    const account = own(Account.new({ name: 'n', balance: NaN, owner: texts, texts, big: 7n }));
    const copy = own(Account.new());
    copy.update(account.snapshot());
    expect(copy.snapshot()).toEqual(account.snapshot());
    expect(counts(texts)).toEqual([1, 4]);
    const { owner } = account.snapshot();
    blocked(() => owner!.move(), 'ERR_NO_CLAIM'); // it borrows
  });

  test('all or none, and moved refs stay what they were', () => {
    const account = own(Account.new({ name: 'n' }));
    const ref = own(StringRef.from('x')).move();
    const before = account.snapshot();
    const changes = { name: 'changed', owner: ref, balance: 1 };
    const wrong: [object, any][] = [
      [{ open: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ texts: ref }, 'ERR_NO_CLAIM'], // moved twice
      [{ texts: own(new StringRef()) }, 'ERR_TYPE_MISMATCH'],
      [{ nothing: 1 }, 'ERR_UNKNOWN_FIELD'],
      [{ note: new Date(0) }, 'ERR_UNSUPPORTED_VALUE'],
      [{ name: undefined }, 'ERR_INVALID_ARG_TYPE'],
    ];
    for (const [more, code] of wrong) blocked(() => account.update({ ...changes, ...more }), code);
    const mine = new Error('mine');
    const thrower = {
      ...changes,
      get big(): bigint {
        throw mine;
      },
    };
    expect(thrownBy(() => account.update(thrower))).toBe(mine);
    expect(account.snapshot()).toEqual(before);
    expect(counts(ref)).toEqual([1, 0]);
    account.update(changes);
    expect(counts(account.owner!)).toEqual([0, 1]);
    blocked(() => ref.obtainValue(), 'ERR_USE_AFTER_FREE');
  });

  test('a thousand fields, some with odd names', () => {
    const names = Array.from({ length: 1022 }, (_, i) => `f${i}`).concat('__proto__', 'toString');
    const shape = Object.fromEntries(names.map((name, i) => [name, i % 2 ? 'number' : 'string']));
    Object.defineProperty(shape, '__proto__', { value: 'string', enumerable: true });
    const Wide = new StructFactory(shape as Record<string, 'number' | 'string'>);
    const wide = own(Wide.new());
    const values = Object.fromEntries(names.map((name, i) => [name, i % 2 ? i : `text ${i}`]));
    Object.defineProperty(values, '__proto__', { value: 'p', enumerable: true });
    wide.update(values);
    expect(Object.entries(wide.snapshot()).sort()).toEqual(Object.entries(values).sort());
    expect(Object.getPrototypeOf(wide.snapshot())).toBe(Object.prototype);
  });
});
