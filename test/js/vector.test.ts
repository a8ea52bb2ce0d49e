import { MapRef, NumberRef, StringRef, StructFactory, VectorRef } from 'shared-heap';
import { blocked, checkHeap, chunkLengths, counts, own, primitives } from './support';

checkHeap();

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('elements', () => {
  test('a new vector is empty', () => {
    const vector = own(new VectorRef());
    expect([vector.length, vector.len(), [...vector]]).toEqual([0, 0, []]);
    expect(vector.pop()).toBeUndefined();
    expect(vector.shift()).toBeUndefined();
  });

  test('push and unshift return the new length, pop and shift what they took out', () => {
    const vector = own(new VectorRef<number>());
    expect(vector.push(1)).toBe(1);
    expect(vector.push(2, 3)).toBe(3);
    expect(vector.push()).toBe(3);
    expect(vector.unshift(-1, 0)).toBe(5);
    expect(vector.unshift()).toBe(5);
    expect([...vector]).toEqual([-1, 0, 1, 2, 3]);
    expect(vector.pop()).toBe(3);
    expect(vector.shift()).toBe(-1);
    expect([...vector]).toEqual([0, 1, 2]);
  });

  test('at and valueAt count from the end too, index does not', () => {
    const vector = own(VectorRef.from(['a', 'b', 'c']));
    const array = ['a', 'b', 'c'];
    for (const i of [0, 1, 2, 3, -1, -3, -4, 1.9, -1.9, NaN, Infinity, -Infinity, -0]) {
      expect(vector.at(i)).toBe(array.at(i));
      expect(vector.valueAt(i)).toBe(array.at(i));
      expect(vector.index(i)).toBe(array[i]);
    }
    expect(vector.at('1' as any)).toBe('b');
    expect(vector.at(undefined as any)).toBe('a');
    for (const i of [2 ** 32, 2 ** 32 + 1, 2 ** 53, -(2 ** 32), -(2 ** 53)]) {
      expect(vector.at(i)).toBeUndefined();
      expect(vector.index(i)).toBeUndefined();
      expect(vector.acquire(i)).toBeUndefined();
    }
  });

  test('keeps every primitive', () => {
    const vector = own(VectorRef.from(primitives));
    expect(vector.length).toBe(primitives.length);
    primitives.forEach((value, i) => {
      expect(Object.is(vector.at(i), value)).toBe(true);
      expect(Object.is(vector.valueAt(i), value)).toBe(true);
    });
    expect(vector.obtainValue().every((value, i) => Object.is(value, primitives[i]))).toBe(true);
  });

  test('setAt replaces an element and returns the vector', () => {
    const vector = own(VectorRef.from<any>([1, 2, 3]));
    expect(vector.setAt(1, 'two')).toBe(vector);
    expect(vector.obtainValue()).toEqual([1, 'two', 3]);
    for (const i of [3, -1, 0.5, NaN, Infinity, 2 ** 32, 2 ** 32 + 1, 2 ** 53]) {
      blocked(() => vector.setAt(i, 'x'), 'ERR_OUT_OF_RANGE', /index/);
    }
    expect(vector.obtainValue()).toEqual([1, 'two', 3]);
  });

  test('removeAt removes one element, if there is one', () => {
    const vector = own(VectorRef.from(['a', 'b', 'c', 'd']));
    for (const i of [4, -1, 0.5, NaN, 2 ** 32]) expect(vector.removeAt(i)).toBe(false);
    expect(vector.removeAt(1)).toBe(true);
    expect(vector.removeAt(2)).toBe(true);
    expect(vector.removeAt(0)).toBe(true);
    expect([...vector]).toEqual(['c']);
  });

  test('what at, valueAt and index give for refs', () => {
    const parts = [
      own(StringRef.from('text')),
      own(NumberRef.from(4)),
      own(MapRef.from({ a: 1 })),
      own(VectorRef.from([2])),
      own(new StructFactory({ f: 'number' }).new({ f: 3 })),
    ];
    const vector = own(VectorRef.from(parts));
    parts.forEach((part, i) => {
      for (const found of [vector.at(i), vector.index(i), vector.slice()[i], [...vector][i]]) {
        expect(found!.constructor).toBe(part.constructor);
        expect(found!.id).toBe(part.id);
      }
      expect(counts(part)).toEqual([1, 1]);
    });
    expect(parts.map((_, i) => vector.valueAt(i))).toEqual(['text', 4, { a: 1 }, [2], { f: 3 }]);
    expect(vector.obtainValue()).toEqual(['text', 4, { a: 1 }, [2], { f: 3 }]);
  });
});

describe.each(chunkLengths)('%i elements', (n) => {
  const array = upTo(n);

  test('from, iteration, obtainValue, slice', () => {
    const vector = own(VectorRef.from(array));
    expect(vector.length).toBe(n);
    expect([...vector]).toEqual(array);
    expect(vector.obtainValue()).toEqual(array);
    expect(vector.slice()).toEqual(array);
    for (const [start, end] of [
      [1, -1],
      [-5, undefined],
      [n - 1, n],
      [0, 1024],
      [3, 2],
      [n, n + 5],
    ]) {
      expect(vector.slice(start, end)).toEqual(array.slice(start, end));
    }
    expect(vector.clear()).toBeUndefined();
    expect(vector.length).toBe(0);
  });

  test('push and unshift of so many at once', () => {
    const vector = own(VectorRef.from(['middle'] as (number | string)[]));
    expect(vector.push(...array)).toBe(n + 1);
    expect(vector.unshift(...array)).toBe(2 * n + 1);
    expect([...vector]).toEqual([...array, 'middle', ...array]);
  });

  test('splice of so many', () => {
    const model: (number | string)[] = ['a', 'b', 'c', 'd'];
    const vector = own(VectorRef.from(model));
    expect(vector.splice(1, 2, ...array)).toEqual(model.splice(1, 2, ...array));
    expect([...vector]).toEqual(model);
    expect(vector.splice(1, n)).toEqual(model.splice(1, n));
    expect([...vector]).toEqual(model);
  });

  test('search', () => {
    const vector = own(VectorRef.from(array));
    for (const value of [0, n - 1, n >> 1, n, -1]) {
      expect(vector.indexOf(value)).toBe(array.indexOf(value));
      expect(vector.lastIndexOf(value)).toBe(array.lastIndexOf(value));
      expect(vector.includes(value)).toBe(array.includes(value));
      expect(vector.find((x) => x === value)).toBe(array.find((x) => x === value));
      expect(vector.findIndex((x) => x === value)).toBe(array.findIndex((x) => x === value));
      expect(vector.findLast((x) => x <= value)).toBe(
        (array as any).findLast((x: number) => x <= value),
      );
      expect(vector.findLastIndex((x) => x <= value)).toBe(
        (array as any).findLastIndex((x: number) => x <= value),
      );
    }
  });

  test('sort, reverse, fill, map, filter, reduce, join', () => {
    const mixed = array.map((i) => (i * 7919) % 1013);
    const vector = own(VectorRef.from(mixed));
    expect(vector.join()).toBe(mixed.join());
    expect(vector.map((x, i) => x + i)).toEqual(mixed.map((x, i) => x + i));
    expect(vector.filter((x) => x % 2)).toEqual(mixed.filter((x) => x % 2));
    expect(vector.reduce((sum, x) => sum + x, 0)).toBe(mixed.reduce((sum, x) => sum + x, 0));
    expect(vector.reverse()).toBe(vector);
    expect([...vector]).toEqual(mixed.reverse());
    expect(vector.sort()).toBe(vector);
    expect([...vector]).toEqual(mixed.sort());
    vector.sort((a, b) => b - a);
    expect([...vector]).toEqual(mixed.sort((a, b) => b - a));
    expect(vector.fill(-1, 1, -1)).toBe(vector);
    expect([...vector]).toEqual(mixed.fill(-1, 1, -1));
  });
});

describe('as Array does', () => {
  test('splice with every kind of arguments', () => {
    const rows: any[][] = [
      [],
      [0],
      [1],
      [-1],
      [undefined],
      [0, 0],
      [0, 1],
      [1, 1, 'x'],
      [-2, 1, 'x', 'y'],
      [99, 1, 'x'],
      [-99, 2],
      [0, 99],
      [0, -1, 'x'],
      [0, undefined],
      [1, NaN, 'x'],
      ['1', '1'],
      [1.7, 1.2, 'x'],
      [Infinity, 1, 'x'],
      [-Infinity, 1],
      [0, Infinity],
      [null, null, 'x'],
      [2 ** 53, 1, 'x'],
    ];
    for (const args of rows) {
      const model = ['a', 'b', 'c', 'd'];
      const vector = own(VectorRef.from(model));
      expect(vector.splice(...args)).toEqual(model.splice(...(args as [number])));
      expect([...vector]).toEqual(model);
    }
  });

  test('slice and fill with every kind of bounds', () => {
    const bounds: any[] = [
      undefined,
      0,
      1,
      3,
      4,
      9,
      -1,
      -4,
      -9,
      1.5,
      NaN,
      Infinity,
      -Infinity,
      '2',
      null,
    ];
    for (const start of bounds) {
      for (const end of bounds) {
        const model = ['a', 'b', 'c', 'd'];
        const vector = own(VectorRef.from(model));
        expect(vector.slice(start, end)).toEqual(model.slice(start, end));
        expect([...vector.fill('z', start, end)]).toEqual(model.fill('z', start, end));
      }
    }
  });

  test('search from any place, NaN, -0 and alike-looking values', () => {
    const model = [
      1,
      '1',
      1n,
      NaN,
      0,
      null,
      undefined,
      'x',
      1,
      NaN,
      true,
      2n ** 70n,
      'longer text',
    ];
    const vector = own(VectorRef.from(model));
    const froms: any[] = [0, 1, 5, -1, -5, -99, 99, NaN, Infinity, -Infinity, 1.5, '2', null];
    const needles = [...model, -0, false, '', 0n, 2, 2n ** 70n + 1n, 'longer texT'];
    for (const needle of needles) {
      expect(vector.indexOf(needle)).toBe(model.indexOf(needle));
      expect(vector.lastIndexOf(needle)).toBe(model.lastIndexOf(needle));
      expect(vector.includes(needle)).toBe(model.includes(needle));
      expect(vector.lastIndexOf(needle, undefined)).toBe(model.lastIndexOf(needle, undefined));
      for (const from of froms) {
        expect(vector.indexOf(needle, from)).toBe(model.indexOf(needle, from));
        expect(vector.lastIndexOf(needle, from)).toBe(model.lastIndexOf(needle, from));
        expect(vector.includes(needle, from)).toBe(model.includes(needle, from));
      }
    }
  });

  test('refs are found by id', () => {
    const [one, two] = [own(StringRef.from('t')), own(StringRef.from('t'))];
    const vector = own(VectorRef.from([one, one]));
    expect(vector.indexOf(own(new StringRef(one.id)))).toBe(0);
    expect(vector.lastIndexOf(one)).toBe(1);
    expect(vector.includes(one)).toBe(true);
    expect(vector.includes(two)).toBe(false);
    expect(own(VectorRef.from(['t'])).includes(one as any)).toBe(false);
  });

  test('sort: undefined last, by text, stable, with NaN and a lying function', () => {
    const model = ['b', undefined, 10, 9, 'a', null, -1, undefined, NaN, 1n, true];
    const vector = own(VectorRef.from(model));
    expect([...vector.sort()]).toEqual(model.sort());
    const pairs = Array.from({ length: 100 }, (_, i) => `${i % 3}${i}`);
    const byFirst = (a: string, b: string): number => a.charCodeAt(0) - b.charCodeAt(0);
    expect([...own(VectorRef.from(pairs)).sort(byFirst)]).toEqual([...pairs].sort(byFirst));
    for (const lie of [() => 1, () => -1, () => NaN, () => 'x' as any, () => undefined as any]) {
      const sorted = [...own(VectorRef.from(pairs)).sort(lie)];
      expect(sorted).toEqual([...pairs].sort(lie));
    }
  });

  test('sort of refs: without function by their values, with one as refs', () => {
    const refs = ['c', 'a', 'b'].map((text) => own(StringRef.from(text)));
    const vector = own(VectorRef.from(refs));
    expect(vector.sort().obtainValue()).toEqual(['a', 'b', 'c']);
    vector.sort((a, b) => (a.obtainValue() < b.obtainValue() ? 1 : -1));
    expect(vector.obtainValue()).toEqual(['c', 'b', 'a']);
    refs.forEach((ref) => expect(counts(ref)).toEqual([1, 1]));
  });

  test('join', () => {
    const model = [1, 'a', null, undefined, true, 2n];
    const vector = own(VectorRef.from(model));
    for (const separator of [undefined, '', '-', ', ', null as any, 1 as any]) {
      expect(vector.join(separator)).toBe(model.join(separator));
    }
  });

  test('callbacks get value, index, vector and thisArg', () => {
    const vector = own(VectorRef.from(['a', 'b']));
    const context = {};
    for (const method of [
      'forEach',
      'map',
      'filter',
      'find',
      'findIndex',
      'findLast',
      'findLastIndex',
    ] as const) {
      const calls: unknown[][] = [];
      const result = vector[method](function (this: unknown, ...args: unknown[]) {
        expect(this).toBe(context);
        expect(args[2]).toBe(vector);
        calls.push(args.slice(0, 2));
      }, context);
      const isBackwards = method.startsWith('findLast');
      expect(calls).toEqual(
        isBackwards
          ? [
              ['b', 1],
              ['a', 0],
            ]
          : [
              ['a', 0],
              ['b', 1],
            ],
      );
      const empty = { map: [undefined, undefined], filter: [], findIndex: -1, findLastIndex: -1 };
      expect(result).toEqual((empty as Record<string, unknown>)[method]);
    }
  });

  test('reduce with and without initial value', () => {
    const vector = own(VectorRef.from([1, 2, 3]));
    expect(vector.reduce((a, b) => a + b)).toBe(6);
    const indices: number[] = [];
    vector.reduce((a, b, i) => (indices.push(i), a + b));
    expect(indices).toEqual([1, 2]);
    expect(vector.reduce<string>((a, b, i, all) => `${a}${b}${i}${all.length}`, '')).toBe(
      '103213323',
    );
    expect(vector.reduce<unknown>((a) => a, undefined)).toBeUndefined();
    const empty = own(new VectorRef<number>());
    expect(empty.reduce((a) => a, 'x')).toBe('x');
    expect(() => empty.reduce((a) => a)).toThrow(TypeError);
  });
});

describe('from', () => {
  test('takes any iterable, and nothing else', () => {
    const source = own(VectorRef.from([1, 2]));
    for (const values of [
      [1, 2],
      new Set([1, 2]),
      source,
      new Map([
        [1, 1],
        [2, 2],
      ]).values(),
    ]) {
      expect([...own(VectorRef.from(values))]).toEqual([1, 2]);
    }
    expect([...own(VectorRef.from('ab\ud800'))]).toEqual(['a', 'b', '\ud800']);
    expect([...own(VectorRef.from(Array(2) as undefined[]))]).toEqual([undefined, undefined]);
    for (const bad of [undefined, null, 1, {}, () => 1, Symbol('s')]) {
      blocked(() => VectorRef.from(bad as any), 'ERR_INVALID_ARG_TYPE', /iterable/);
    }
  });
});
