import { MapRef, NumberRef, StringRef, VectorRef } from 'shared-heap';
import {
  allowed,
  bigints,
  blocked,
  checkHeap,
  counts,
  chunkLengths,
  numbers,
  own,
} from './support';
import { primitives, texts } from './support';

checkHeap();

const numbered = (n: number): [string, number][] =>
  Array.from({ length: n }, (_, i) => [`key ${i}`, i]);

describe('one entry', () => {
  test('set, get, has, delete and their results', () => {
    const map = own(new MapRef<string, number>());
    expect(map.set('a', 1)).toBe(map);
    expect(map.get('a')).toBe(1);
    expect(map.get('b')).toBeUndefined();
    expect(map.has('a')).toBe(true);
    expect(map.has('b')).toBe(false);
    expect(map.size).toBe(1);
    expect(map.len()).toBe(1);
    expect(map.delete('b')).toBe(false);
    expect(map.delete('a')).toBe(true);
    expect(map.has('a')).toBe(false);
    expect(map.set('a', 2).remove('a')).toBe(true);
    expect(map.remove('a')).toBe(false);
    expect(map.size).toBe(0);
  });

  test('a key of undefined value is there', () => {
    const map = own(new MapRef<string, undefined>());
    map.set('a', undefined);
    expect(map.has('a')).toBe(true);
    expect(map.get('a')).toBeUndefined();
    expect([...map]).toEqual([['a', undefined]]);
    expect(map.take('a')).toBeUndefined();
    expect(map.has('a')).toBe(false);
  });

  test('keeps every primitive as a value', () => {
    const map = own(new MapRef());
    primitives.forEach((value, i) => map.set(i, value));
    primitives.forEach((value, i) => {
      expect(Object.is(map.get(i), value)).toBe(true);
      expect(Object.is(map.getValue(i), value)).toBe(true);
    });
  });

  test('keeps every primitive as a key, -0 as 0', () => {
    const expected = new Map(primitives.map((key, i) => [key, i]));
    const map = own(MapRef.from(primitives.map((key, i) => [key, i] as const)));
    expect(map.size).toBe(expected.size);
    for (const key of primitives) {
      expect(map.has(key)).toBe(true);
      expect(map.get(key)).toBe(expected.get(key));
    }
    const keys = [...map.keys()];
    expect([...expected.keys()].every((key, i) => Object.is(key, keys[i]))).toBe(true);
    for (const key of expected.keys()) expect(map.delete(key)).toBe(true);
    expect(map.size).toBe(0);
  });

  test('keys that only look alike are different', () => {
    const keys = [
      1,
      '1',
      1n,
      true,
      'true',
      null,
      'null',
      undefined,
      'undefined',
      NaN,
      'NaN',
      '',
      0,
    ];
    const map = own(MapRef.from(keys.map((key, i) => [key, i] as const)));
    expect(map.size).toBe(keys.length);
    keys.forEach((key, i) => expect(map.get(key)).toBe(i));
    expect(map.get(-0)).toBe(map.get(0));
    expect(map.has(0n)).toBe(false);
  });

  test('keys like the names of an Object prototype are ordinary', () => {
    const map = own(new MapRef<string, number>());
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(map.has(key)).toBe(false);
      expect(map.set(key, 1).get(key)).toBe(1);
    }
  });
});

describe('compound operations', () => {
  test('add returns the number before, 0 if there was none', () => {
    const map = own(new MapRef<string, number>());
    expect(map.add('hits', 2)).toBe(0);
    expect(map.add('hits', 0.5)).toBe(2);
    expect(map.get('hits')).toBe(2.5);
    map.set('nan', NaN);
    expect(map.add('nan', 1)).toBeNaN();
  });

  test('add to what is no number changes nothing', () => {
    const ref = own(NumberRef.from(1));
    const values = [undefined, null, '1', true, 1n, ref];
    const map = own(MapRef.from(values.map((value, i) => [i, value] as const)));
    values.forEach((_, i) => blocked(() => map.add(i, 1), 'ERR_TYPE_MISMATCH'));
    expect([...map.values()].slice(0, 5)).toEqual(values.slice(0, 5));
    expect(counts(ref)).toEqual([1, 1]);
  });

  test('getOrInsert inserts only what is missing', () => {
    const map = own(new MapRef<string, number | undefined>());
    expect(map.getOrInsert('a', 1)).toBe(1);
    expect(map.getOrInsert('a', 2)).toBe(1);
    map.set('u', undefined);
    expect(map.getOrInsert('u', 3)).toBeUndefined();
    expect([...map]).toEqual([
      ['a', 1],
      ['u', undefined],
    ]);
  });

  test('getOrInsertComputed calls back only for what is missing, with the key', () => {
    const map = own(new MapRef<any, any>());
    const callback = jest.fn((key: unknown) => `made for ${String(key)}`);
    expect(map.getOrInsertComputed('a', callback)).toBe('made for a');
    expect(map.getOrInsertComputed('a', callback)).toBe('made for a');
    expect(callback).toHaveBeenCalledTimes(1);
    map.set('u', undefined);
    expect(map.getOrInsertComputed('u', callback)).toBeUndefined();
    expect(map.getOrInsertComputed(-0, (key) => Object.is(key, 0))).toBe(true);
    expect(callback).toHaveBeenCalledTimes(1);
  });

  test('getOrInsertComputed returns what the callback itself has set', () => {
    const map = own(new MapRef<string, number>());
    const result = map.getOrInsertComputed('a', () => {
      map.set('a', 1);
      return 2;
    });
    expect(result).toBe(1);
    expect(map.get('a')).toBe(1);
  });

  test('compareExchange returns the expected value itself if it exchanged', () => {
    const map = own(new MapRef<string, any>());
    expect(map.compareExchange('a', undefined, 1)).toBeUndefined();
    expect(map.get('a')).toBe(1);
    expect(map.compareExchange('a', 1, 2)).toBe(1);
    expect(map.compareExchange('a', 1, 3)).toBe(2);
    expect(map.get('a')).toBe(2);
    expect(map.compareExchange('b', 5, 6)).toBeUndefined();
    expect(map.has('b')).toBe(false);
    map.set('u', undefined);
    expect(map.compareExchange('u', undefined, 'v')).toBeUndefined();
    expect(map.get('u')).toBe('v');
  });

  test('compareExchange matches by SameValueZero', () => {
    const map = own(new MapRef<string, any>());
    for (const value of primitives) {
      map.set('k', value);
      expect(Object.is(map.compareExchange('k', value, 'next'), value)).toBe(true);
      expect(map.get('k')).toBe('next');
    }
    map.set('k', -0);
    expect(map.compareExchange('k', 0, 1)).toBe(0);
    expect(map.get('k')).toBe(1);
    expect(map.compareExchange('k', '1', 2)).toBe(1);
    expect(map.compareExchange('k', 1n, 2)).toBe(1);
  });

  test('compareExchange compares refs by id', () => {
    const [one, two] = [own(StringRef.from('same')), own(StringRef.from('same'))];
    const map = own(MapRef.from([['k', one]]));
    expect(map.compareExchange('k', two, two)!.id).toBe(one.id);
    expect(counts(one)).toEqual([1, 1]);
    const again = own(new StringRef(one.id));
    expect(map.compareExchange('k', again, two)).toBe(again);
    expect(counts(one)).toEqual([1, 0]);
    expect(counts(two)).toEqual([1, 1]);
  });

  test('take removes the key and returns its value', () => {
    const map = own(MapRef.from({ a: 1, b: 'two' }));
    expect(map.take('a')).toBe(1);
    expect(map.take('a')).toBeUndefined();
    expect(map.size).toBe(1);
  });
});

describe('many entries', () => {
  test.each(chunkLengths)('%i entries: from, size, order, get, delete', (n) => {
    const entries = numbered(n);
    const map = own(MapRef.from(entries));
    expect(map.size).toBe(n);
    expect([...map]).toEqual(entries);
    expect([...map.keys()]).toEqual(entries.map(([key]) => key));
    expect([...map.values()]).toEqual(entries.map(([, value]) => value));
    expect(map.getMany(entries.map(([key]) => key))).toEqual(entries.map(([, value]) => value));
    expect(map.obtainValue()).toEqual(new Map(entries));
    for (const [key] of entries.filter(([, i]) => i % 3 === 0)) expect(map.delete(key)).toBe(true);
    const rest = entries.filter(([, i]) => i % 3 !== 0);
    expect([...map]).toEqual(rest);
    expect(map.clear()).toBeUndefined();
    expect(map.size).toBe(0);
    expect([...map]).toEqual([]);
    expect(map.setMany(entries)).toBe(map);
    expect([...map]).toEqual(entries);
  });

  test('from and setMany take Maps, iterables of pairs and plain objects', () => {
    const expected = [
      ['a', 1],
      ['b', 2],
    ];
    function* pairs(): Generator<[string, number]> {
      yield ['a', 1];
      yield ['b', 2];
    }
    const sources = [
      new Map([
        ['a', 1],
        ['b', 2],
      ]),
      [
        ['a', 1],
        ['b', 2],
      ] as [string, number][],
    ];
    for (const source of [...sources, pairs(), own(MapRef.from({ a: 1, b: 2 }))]) {
      expect([...own(MapRef.from(source))]).toEqual(expected);
    }
    expect([...own(MapRef.from({ a: 1, b: 2 }))]).toEqual(expected);
    expect([...own(new MapRef<string, number>()).setMany(pairs())]).toEqual(expected);
    expect([...own(new MapRef<string, number>()).setMany({ a: 1, b: 2 })]).toEqual(expected);
  });

  test('the last of equal keys wins and stands where the first was', () => {
    const map = own(
      MapRef.from([
        ['a', 1],
        ['b', 2],
        ['a', 3],
      ]),
    );
    expect([...map]).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  test('getMany keeps the order asked for, with undefined for what is missing', () => {
    const map = own(MapRef.from({ a: 1, b: 2 }));
    expect(map.getMany(['b', 'x', 'a', 'b'])).toEqual([2, undefined, 1, 2]);
    expect(map.getMany([])).toEqual([]);
    expect(map.getMany(new Set(['a']))).toEqual([1]);
  });

  test('getMany gives refs that borrow', () => {
    const one = own(StringRef.from('one'));
    const map = own(MapRef.from([['one', one]]));
    const [found] = map.getMany(['one']);
    expect(found).toBeInstanceOf(StringRef);
    expect(found!.equals(one)).toBe(true);
    expect(counts(one)).toEqual([1, 1]);
  });

  test('grows and shrinks through all sizes', () => {
    const map = own(new MapRef<number | string, number>());
    const model = new Map<number | string, number>();
    for (let i = 0; i < 4000; i++) {
      map.set(i, i);
      model.set(i, i);
      if (i % 7 === 0) expect(map.delete(i / 7)).toBe(model.delete(i / 7));
      if (i % 11 === 0) map.set(texts[i % texts.length]!, i);
      if (i % 11 === 0) model.set(texts[i % texts.length]!, i);
    }
    expect([...map]).toEqual([...model]);
    for (const key of model.keys()) expect(map.delete(key)).toBe(true);
    expect(map.size).toBe(0);
  });
});

describe('what get and getValue give', () => {
  test('a primitive is itself, a text or number ref its value, others plain copies', () => {
    const text = own(StringRef.from('text'));
    const number = own(NumberRef.from(4));
    const inner = own(MapRef.from({ a: 1 }));
    const list = own(VectorRef.from([1, text]));
    const map = own(MapRef.from<any>({ p: 'p', text, number, inner, list }));
    expect(map.get('p')).toBe('p');
    expect(map.get('text')).toBeInstanceOf(StringRef);
    expect(map.get('number')).toBeInstanceOf(NumberRef);
    expect(map.get('inner')).toBeInstanceOf(MapRef);
    expect(map.get('list')).toBeInstanceOf(VectorRef);
    expect(map.getValue('p')).toBe('p');
    expect(map.getValue('text')).toBe('text');
    expect(map.getValue('number')).toBe(4);
    expect(map.getValue('inner')).toEqual({ a: 1 });
    expect(map.getValue('list')).toEqual([1, 'text']);
    expect(map.getValue('missing')).toBeUndefined();
    expect(counts(inner)).toEqual([1, 1]);
  });

  test('a copy keeps the class of its source', () => {
    expect(own(MapRef.from({ a: 1 })).obtainValue()).toEqual({ a: 1 });
    expect(own(MapRef.from([['a', 1]])).obtainValue()).toEqual(new Map([['a', 1]]));
    const mixed = own(MapRef.from({ a: 1 })) as MapRef<any>;
    mixed.set(1, 2);
    expect(mixed.obtainValue()).toEqual(
      new Map<any, any>([
        ['a', 1],
        [1, 2],
      ]),
    );
  });

  test('a copy with the key __proto__ has it as its own', () => {
    const source = JSON.parse('{"__proto__": {"polluted": 1}, "a": 2}') as Record<string, unknown>;
    const map = own(new MapRef<any, any>());
    map.set('__proto__', 1);
    expect(map.obtainValue()).toEqual(new Map([['__proto__', 1]]));
    const fromObject = own(MapRef.from(Object.fromEntries([['__proto__', 1]])));
    const copy = fromObject.obtainValue() as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.entries(copy)).toEqual([['__proto__', 1]]);
    expect(Object.keys(source)).toEqual(['__proto__', 'a']);
    expect(({} as any).polluted).toBeUndefined();
  });
});

describe('bad keys and values', () => {
  test('a value that cannot be stored is refused with the way to store it', () => {
    const map = own(MapRef.from({ a: 1 }));
    const rows: [unknown, RegExp][] = [
      [new Date(), /getTime\(\)/],
      [{ a: 1 }, /share\(/],
      [[1], /share\(/],
      [new Map(), /share\(/],
      [new Uint8Array(1), /BufferRef\.from/],
      [new ArrayBuffer(1), /BufferRef\.from/],
      [() => 1, /a function/],
      [Symbol('s'), /symbol/i],
      [{ id: map.id }, /cannot be stored/],
    ];
    for (const [value, way] of rows) {
      blocked(() => map.set('a', value as any), 'ERR_UNSUPPORTED_VALUE', way);
      blocked(() => map.getOrInsert('b', value as any), 'ERR_UNSUPPORTED_VALUE', way);
      blocked(
        () =>
          map.setMany([
            ['b', 1],
            ['c', value as any],
          ]),
        'ERR_UNSUPPORTED_VALUE',
        way,
      );
      blocked(() => MapRef.from([['b', value as any]]), 'ERR_UNSUPPORTED_VALUE', way);
    }
    expect(map.obtainValue()).toEqual({ a: 1 });
  });

  test('objects, symbols and functions are no keys', () => {
    const map = own(MapRef.from<any>({ a: 1 }));
    for (const key of [{}, [], Symbol('s'), () => 1, new Date(), map] as any[]) {
      blocked(() => map.get(key), 'ERR_UNSUPPORTED_VALUE', /key/);
      blocked(() => map.set(key, 1), 'ERR_UNSUPPORTED_VALUE', /key/);
      blocked(() => map.getMany(['a', key]), 'ERR_UNSUPPORTED_VALUE', /key/);
      blocked(() => map.setMany([[key, 1]]), 'ERR_UNSUPPORTED_VALUE', /key/);
    }
    expect(map.obtainValue()).toEqual({ a: 1 });
  });

  test('numbers and bigints of every size are kept', () => {
    for (const value of [...numbers, ...bigints]) {
      const map = own(MapRef.from([[value, value]]));
      expect(allowed(() => map.get(value))).toBe(value);
    }
  });
});
