// What is read and written through the direct view (docs/view.md) is what the addon reads and writes,
// errors included. With SHARED_HEAP_NO_VIEW=1 there is no view, and all of this is so as well.
// Threads that write meanwhile: test/workers/view.test.ts.
import { MapRef, NumberRef, StringRef, StructFactory, VectorRef, heap } from 'shared-heap';
import type { Heap } from './support';
import {
  blocked,
  checkHeap,
  commonJsFile,
  counts,
  inChild,
  native,
  numbers,
  own,
  thrownBy,
} from './support';

checkHeap();

/** The turn in which the thread went online is over. */
const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

const hasView = process.env.SHARED_HEAP_NO_VIEW !== '1';

/** The bits of a number, which JavaScript cannot tell apart for NaN. */
function bitsOf(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

function fromBits(bits: bigint): number {
  return new Float64Array(new BigUint64Array([bits]).buffer)[0]!;
}

const CANONICAL = '7ff8000000000000';

/** NaNs of all kinds: among them the words of the heap for undefined, false, a short text and a ref. */
const nans = [
  0x7ff8_0000_0000_0000n,
  0x7ff8_0000_0000_0001n,
  0x7ff0_0000_0000_0001n,
  0xfff8_0000_0000_0000n,
  0xfff9_0000_0000_0001n,
  0xfff9_0000_0000_0003n,
  0xfffa_0000_0000_0061n,
  0xfffe_0000_0000_0002n,
  0xffff_ffff_ffff_ffffn,
].map(fromBits);

const allNumbers = [
  ...numbers,
  ...nans,
  2 ** -1074,
  2 ** -1022,
  -(2 ** -1074),
  2 ** 53 + 2,
  4.5e15,
];

/** How often a function of the addon is called. */
function callsOf(
  name: 'goOnline' | 'numberGet' | 'numberSet' | 'recordGet' | 'stringGet',
  run: () => void,
): number {
  const spy = jest.spyOn(native, name);
  try {
    run();
    return spy.mock.calls.length;
  } finally {
    spy.mockRestore();
  }
}

/** Calls a function until V8 has optimised it. */
function often(run: (i: number) => void): void {
  for (let i = 0; i < 30_000; i++) run(i);
}

describe('numbers', () => {
  test('what is written one way is read the other', () => {
    const ref = own(new NumberRef());
    for (const value of allNumbers) {
      const expected = Number.isNaN(value) ? CANONICAL : bitsOf(value);
      ref.setValue(value);
      expect(bitsOf(native.numberGet(ref.id))).toBe(expected);
      expect(bitsOf(ref.obtainValue())).toBe(expected);
      ref.setValue(0);
      native.numberSet(ref.id, value);
      expect(bitsOf(native.numberGet(ref.id))).toBe(expected);
      expect(bitsOf(ref.obtainValue())).toBe(expected);
    }
  });

  test('so by optimised code, also for NaNs of all kinds', () => {
    const ref = own(new NumberRef());
    const wrong: string[] = [];
    often((i) => {
      const value = allNumbers[i % allNumbers.length]!;
      ref.setValue(value);
      const kept = native.numberGet(ref.id);
      if (!Object.is(kept, value) || !Object.is(ref.obtainValue(), value))
        wrong.push(bitsOf(value));
      if (Number.isNaN(value) && bitsOf(kept) !== CANONICAL) wrong.push(bitsOf(kept));
    });
    expect(wrong).toEqual([]);
  });

  test('values that are no numbers are refused, in whatever turn', async () => {
    const ref = own(NumberRef.from(7));
    for (let i = 0; i < 2; i++) {
      for (const value of [undefined, null, '1', 1n, true, {}, Symbol('s'), { valueOf: () => 1 }]) {
        blocked(() => ref.setValue(value as any), 'ERR_INVALID_ARG_TYPE');
      }
      expect(ref.obtainValue()).toBe(7);
      ref.setValue(7);
      await endOfTurn();
    }
  });

  test('the addon is called once a turn, and always without a view', async () => {
    const ref = own(new NumberRef());
    const write = () => {
      for (let i = 0; i < 10; i++) ref.setValue(i);
    };
    for (let turn = 0; turn < 3; turn++) {
      await endOfTurn();
      expect(callsOf('goOnline', write)).toBe(1);
      expect(callsOf('goOnline', write)).toBe(0);
      await endOfTurn();
      expect(callsOf('numberSet', write)).toBe(hasView ? 0 : 10);
      expect(callsOf('numberGet', () => ref.obtainValue())).toBe(hasView ? 0 : 1);
    }
    expect(ref.obtainValue()).toBe(9);
  });
});

describe('being online', () => {
  const nativeFile = commonJsFile.replace('index.js', 'native.js');

  test('ends with the turn, however it began', () => {
    const script = async ({ NumberRef }: Heap, file: string): Promise<unknown> => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- in the child process
      const { native } = require(file) as { native: import('../../types/native').Native };
      const ref = new NumberRef();
      const before = native.absence[0];
      let failed = 0;
      // Somewhere on the way back the stack has room for the store, but not for what goes with it.
      const deep = (): void => {
        try {
          deep();
        } catch {
          // the stack is full
        }
        try {
          ref.setValue(1);
        } catch {
          failed++;
        }
      };
      const seen: unknown[] = [];
      for (let i = 0; i < 20; i++) {
        deep(...(Array.from({ length: i }) as []));
        seen.push(native.absence[0]);
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(native.absence[0]);
      }
      return { before, seen: [...new Set(seen)], failed: failed > 0, value: ref.obtainValue() };
    };
    const flags = ['--stack-size=200'];
    expect(inChild(script, [nativeFile], { flags })).toEqual({
      before: 1,
      seen: [0, 1],
      failed: true,
      value: 1,
    });
  });

  test('a thread that stays in one turn keeps what it may write to from being used again', async () => {
    const ref = own(new NumberRef());
    const { limboObjects } = heap.stats();
    ref.setValue(1);
    const dropped = Array.from({ length: 10 }, () => new NumberRef());
    for (const number of dropped) number.drop();
    expect(heap.stats().limboObjects).toBe(limboObjects + 10);
    await endOfTurn();
    heap.trim();
    expect(heap.stats().limboObjects).toBe(0);
  });
});

describe('number and boolean fields', () => {
  const Mixed = new StructFactory({
    s: 'string',
    a: 'number',
    b: 'boolean',
    any: 'any',
    c: 'number',
    d: 'boolean',
  });

  test('what is written one way is read the other', () => {
    const struct = own(Mixed.new({ s: 'text', any: 5n }));
    for (const value of allNumbers) {
      const expected = Number.isNaN(value) ? CANONICAL : bitsOf(value);
      struct.a = value;
      expect(bitsOf(struct.getKey('a'))).toBe(expected);
      expect(bitsOf(struct.a)).toBe(expected);
      struct.setKey('c', value);
      expect(bitsOf(struct.c)).toBe(expected);
      expect(bitsOf(struct.obtainValue().c)).toBe(expected);
    }
    for (const value of [true, false, true]) {
      struct.b = value;
      expect(struct.getKey('b')).toBe(value);
      expect(struct.b).toBe(value);
      struct.setKey('d', !value);
      expect(struct.d).toBe(!value);
    }
    expect(struct.s).toBe('text');
    expect(struct.any).toBe(5n);
  });

  test('so by optimised code', () => {
    const struct = own(Mixed.new());
    let wrong = 0;
    often((i) => {
      const value = allNumbers[i % allNumbers.length]!;
      struct.a = value;
      struct.b = i % 3 === 0;
      struct.c = i;
      if (!Object.is(struct.getKey('a'), value) || !Object.is(struct.a, value)) wrong++;
      if (struct.getKey('b') !== (i % 3 === 0) || struct.b !== (i % 3 === 0)) wrong++;
      if (struct.getKey('c') !== i || struct.c !== i || struct.d) wrong++;
    });
    expect(wrong).toBe(0);
  });

  test('values of other types are refused, in whatever turn', async () => {
    const struct = own(Mixed.new({ a: 1, b: true })) as any;
    for (let i = 0; i < 2; i++) {
      for (const value of [null, '1', 1n, true, {}, Symbol('s'), { valueOf: () => 1 }]) {
        blocked(
          () => (struct.a = value),
          typeof value === 'object' && value !== null
            ? 'ERR_UNSUPPORTED_VALUE'
            : typeof value === 'symbol'
              ? 'ERR_UNSUPPORTED_VALUE'
              : 'ERR_INVALID_ARG_TYPE',
        );
      }
      for (const value of [null, '1', 1n, 1, 0]) {
        blocked(() => (struct.b = value), 'ERR_INVALID_ARG_TYPE');
      }
      expect([struct.a, struct.b]).toEqual([1, true]);
      struct.a = 1;
      await endOfTurn();
    }
  });

  test('many fields, and structs of the same shape beside each other', () => {
    const names = Array.from({ length: 60 }, (_, i) => `f${i}`);
    const Many = new StructFactory(
      Object.fromEntries(names.map((name, i) => [name, i % 3 === 1 ? 'boolean' : 'number'])),
    );
    const structs = Array.from({ length: 50 }, () => own(Many.new()) as any);
    const valueOf = (struct: number, field: number) =>
      field % 3 === 1 ? (struct + field) % 2 === 0 : struct * 1000 + field;
    structs.forEach((struct, s) => names.forEach((name, f) => (struct[name] = valueOf(s, f))));
    structs.forEach((struct, s) => {
      names.forEach((name, f) => {
        expect(struct[name]).toBe(valueOf(s, f));
        expect(struct.getKey(name)).toBe(valueOf(s, f));
      });
    });
  });
});

describe('elements of vectors', () => {
  const inside = own.bind(undefined);
  const at = [0, 1, 2, 5, -1, -2, -6, -7, 6, 7, 1e6, -1e6];
  const odd = [0.5, -0.5, 1.9, -0, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 31 - 1];
  const huge = [2 ** 32, 2 ** 32 + 1, 2 ** 53, -(2 ** 53), 1e300];
  const strange = ['0', '1', '-1', 'length', '', 'buffer', null, undefined, true, [], [2], {}];
  const objects = [Object(1), { valueOf: () => 2 }, { valueOf: () => -1 }];
  const indices: any[] = [...at, ...odd, ...huge, ...strange, ...objects];
  const bad: any[] = [Symbol('s'), 1n, Symbol.iterator];

  const lists: Record<string, (number | boolean | string | bigint | null | undefined)[]> = {
    none: [],
    numbers: [1.5, -0, Infinity, 5e-324, 0, 2 ** 53],
    booleans: [true, false, true, true, false, false],
    mixed: [1, true, 'text', 2n, null, undefined],
    NaN: [NaN, 1, ...nans.slice(1, 5)],
    undefined: [undefined, undefined, 1, null, undefined, 0],
    texts: ['', 'abcde', 'a longer text than fits a word', '\u20ac', 'x', 'y'],
  };

  test.each(Object.entries(lists))('%s, at whatever index, as an Array has it', (_, list) => {
    const vector = own(VectorRef.from(list));
    // Not located by the view at first, then located, then changed and located again.
    for (let round = 0; round < 6; round++) {
      for (const index of indices) {
        const expected = list.at(index);
        expect(Object.is(vector.at(index), expected)).toBe(true);
        expect(Object.is(vector.valueAt(index), expected)).toBe(true);
      }
      for (const index of bad) {
        expect(thrownBy(() => vector.at(index))).toBeInstanceOf(TypeError);
        expect(thrownBy(() => vector.valueAt(index))).toBeInstanceOf(TypeError);
      }
      for (const index of [...at, ...odd, ...huge]) {
        const expected = Number.isInteger(index) && index >= 0 ? list[index] : undefined;
        expect(Object.is(vector.index(index), expected)).toBe(true);
      }
      expect([...vector]).toEqual(list);
      expect(vector.length).toBe(list.length);
      if (round === 3) vector.reverse().reverse();
    }
  });

  test('refs, borrowed', () => {
    const refs = [
      NumberRef.from(5),
      StringRef.from('text'),
      VectorRef.from([1]),
      MapRef.from([[1, 2]]),
    ];
    const vector = own(VectorRef.from<any>([1, ...refs, 2]));
    for (let round = 0; round < 5; round++) {
      expect(vector.at(0)).toBe(1);
      expect(vector.at(-1)).toBe(2);
      refs.forEach((ref, i) => {
        expect(vector.at(i + 1).id).toBe(ref.id);
        expect(vector.index(i + 1).id).toBe(ref.id);
        expect(counts(ref)).toEqual([1, 1]);
      });
      expect([1, 2, 3].map((i) => vector.valueAt(i))).toEqual([5, 'text', [1]]);
    }
    for (const ref of refs) ref.drop();
  });

  test('as they are after each change, by this ref, another, or the addon', () => {
    const vector = own(new VectorRef<number>());
    const other = new VectorRef<number>(vector.id);
    const list: number[] = [];
    const check = () => {
      for (let i = 0; i < 4; i++) {
        expect(vector.at(0)).toBe(list[0]);
        expect(vector.at(-1)).toBe(list.at(-1));
        expect(vector.length).toBe(list.length);
      }
      expect([...vector]).toEqual(list);
    };
    for (let round = 0; round < 300; round++) {
      const n = round * 1.5;
      switch (round % 8) {
        case 0:
        case 1:
        case 2:
          list.push(n, n + 1);
          (round % 2 === 0 ? vector : other).push(n, n + 1);
          break;
        case 3:
          list.unshift(n);
          other.unshift(n);
          break;
        case 4:
          list[0] = n;
          native.vectorSet(vector.id, 0, n);
          break;
        case 5:
          expect(other.pop()).toBe(list.pop());
          break;
        case 6:
          expect(vector.shift()).toBe(list.shift());
          break;
        default:
          if (round % 5 === 0) {
            list.length = 0;
            other.clear();
          } else {
            list.reverse();
            other.reverse();
          }
      }
      check();
    }
  });

  test('an iterator sees numbers as they are when it comes to them', () => {
    const vector = own(VectorRef.from<any>([0, 1, 2, 3, 4, 5]));
    const seen: unknown[] = [];
    for (const value of vector) {
      seen.push(value);
      if (value === 1) vector.setAt(4, 'text').setAt(3, -3);
      if (value === 5) vector.push(6);
      if (value === 6) vector.clear();
    }
    expect(seen).toEqual([0, 1, 2, -3, 'text', 5, 6]);
  });

  test('an iterator that has ended stays so', () => {
    const vector = own(VectorRef.from([1, 2]));
    const iterator = vector[Symbol.iterator]();
    expect([...iterator]).toEqual([1, 2]);
    vector.push(3);
    expect(iterator.next()).toEqual({ value: undefined, done: true });
    const left = vector[Symbol.iterator]();
    expect(left.next()).toEqual({ value: 1, done: false });
    expect(left.return?.()).toEqual({ value: undefined, done: true });
    expect(left.next()).toEqual({ value: undefined, done: true });
  });

  test('an iterator of a vector that is dropped meanwhile', () => {
    const vector = VectorRef.from([1, 2, 3]);
    const iterator = vector[Symbol.iterator]();
    expect(iterator.next().value).toBe(1);
    vector.drop();
    inside(VectorRef.from([7, 8, 9])); // most likely in the same slot and body
    blocked(() => iterator.next(), 'ERR_USE_AFTER_FREE');
  });
});

test('sizes and lengths', () => {
  const map = own(new MapRef<any, number>());
  const vector = own(new VectorRef());
  for (let i = 0; i < 2000; i++) {
    expect(map.size).toBe(i);
    expect(vector.length).toBe(i);
    expect(native.mapSize(map.id)).toBe(i);
    map.set(i % 2 === 0 ? i : `key ${i}`, i);
    vector.push(i);
  }
  for (let i = 0; i < 2000; i++) {
    map.delete(i % 2 === 0 ? i : `key ${i}`);
    vector.pop();
    expect(map.len()).toBe(1999 - i);
    expect(vector.len()).toBe(1999 - i);
  }
  map.set(1, 1).clear();
  expect(map.size).toBe(0);
});

describe('texts read again', () => {
  const text = 'a text of more than a few characters '.repeat(100);

  test('are not read again while they stay the same', () => {
    const ref = own(StringRef.from(text));
    const struct = own(
      new StructFactory({ s: 'string', n: 'number', t: 'string' }).new({ s: text, t: 'short' }),
    );
    const readAll = (n: number) => () => {
      for (let i = 0; i < n; i++) {
        expect(ref.obtainValue()).toBe(text);
        expect(struct.s).toBe(text);
        expect(struct.t).toBe('short');
      }
    };
    expect(callsOf('stringGet', readAll(10))).toBe(hasView ? 1 : 10);
    expect(callsOf('recordGet', readAll(10))).toBe(hasView ? 0 : 20);
    struct.n = 5; // through the view, so it changes no text
    expect(callsOf('stringGet', readAll(10))).toBe(hasView ? 0 : 10);
  });

  test('are those of now, whoever has changed them', () => {
    const ref = own(StringRef.from('0'));
    const other = new StringRef(ref.id);
    const Shape = new StructFactory({ s: 'string', t: 'string' });
    const struct = own(Shape.new());
    const otherStruct = Shape.attach(struct.id);
    const changes: ((text: string) => unknown)[] = [
      (next) => ref.setValue(next),
      (next) => other.setValue(next),
      (next) => native.stringSet(ref.id, next),
      (next) => ref.compareExchange(other.obtainValue(), next),
      (next) => other.compareExchange(ref.obtainValue(), next),
    ];
    const fieldChanges: ((text: string) => unknown)[] = [
      (next) => (struct.s = next),
      (next) => (otherStruct.s = next),
      (next) => struct.setKey('s', next),
      (next) => otherStruct.setKey('s', next),
    ];
    for (let round = 0; round < 200; round++) {
      const next = `${round}${'\u20ac'.repeat(round % 40)}`;
      changes[round % changes.length]!(next);
      fieldChanges[round % fieldChanges.length]!(next);
      otherStruct.t = `t ${next}`;
      for (let i = 0; i < 3; i++) {
        expect([ref.obtainValue(), other.obtainValue()]).toEqual([next, next]);
        expect([struct.s, otherStruct.s, struct.t]).toEqual([next, next, `t ${next}`]);
      }
      ref.compareExchange('not this', 'no');
      expect(other.obtainValue()).toBe(next);
    }
  });

  test.each(['drop', 'dispose', 'change', 'another changes it', 'another drops it', 'move'])(
    'are let go: %s',
    (how) => {
      const script = async (
        { StringRef, StructFactory, VectorRef, heap }: Heap,
        end: string,
      ): Promise<number[]> => {
        const long = 'x'.repeat(1 << 20);
        const Shape = new StructFactory({ s: 'string', n: 'number' });
        const all: any[] = [];
        const keep: any[] = [];
        for (const make of [(): any => StringRef.from(long), (): any => Shape.new({ s: long })]) {
          const owner = make();
          const ref = make === all[0] ? owner : owner.retain();
          const read = () => (ref instanceof StringRef ? ref.obtainValue() : ref.s);
          for (let i = 0; i < 3; i++) if (read().length !== long.length) throw new Error('wrong');
          const write = (to: any) => (to instanceof StringRef ? to.setValue('y') : (to.s = 'y'));
          keep.push(ref);
          if (end === 'change') {
            write(ref);
            read();
          } else if (end === 'another changes it') {
            write(owner);
            read();
          } else if (end === 'another drops it') {
            owner.drop();
            new ref.constructor(ref.id).drop();
            try {
              read();
            } catch {
              // as it should
            }
          } else {
            owner.drop();
            if (end === 'drop') ref.drop();
            if (end === 'dispose') ref[Symbol.dispose]();
            if (end === 'move') {
              const vector = VectorRef.from<any>([ref.move()]);
              vector.drop();
            }
          }
        }
        (globalThis as any).keep = keep;
        for (let i = 0; i < 10 && heap.stats().pinnedBytes > 0; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          (globalThis as any).gc();
        }
        return [heap.stats().pinnedBytes, keep.length];
      };
      expect(inChild(script, [how], { flags: ['--expose-gc'] })).toEqual([0, 2]);
    },
  );
});
