import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  names,
  typeOf,
} from 'shared-heap';
import { blocked, checkHeap, chunkLengths, counts, own, texts } from './support';

checkHeap();

const Point = new StructFactory({ x: 'number' });

test('set, get, delete, keys', () => {
  const ref = own(StringRef.from('x'));
  expect(names.get('a')).toBeUndefined();
  expect(names.set('a', ref)).toBeUndefined();
  const found = names.get('a');
  expect(found).toBeInstanceOf(StringRef);
  expect(found!.id).toBe(ref.id);
  expect(names.keys()).toEqual(['a']);
  names.set('b', ref);
  expect(names.keys()).toEqual(['a', 'b']);
  expect(names.delete('a')).toBe(true);
  expect(names.delete('a')).toBe(false);
  expect(names.keys()).toEqual(['b']);
});

test('a name holds its object', () => {
  const ref = StringRef.from('x');
  names.set('a', ref);
  expect(counts(ref)).toEqual([1, 1]);
  ref.drop();
  expect((names.get('a') as StringRef).obtainValue()).toBe('x');
  blocked(() => names.get('a')!.drop(), 'ERR_NO_CLAIM');
  const acquired = names.acquire('a')!;
  expect(counts(acquired)).toEqual([1, 1]);
  names.delete('a');
  expect(counts(acquired)).toEqual([1, 0]);
  acquired.drop();
});

test('a name set again releases what it stood for', () => {
  const [one, two] = [own(StringRef.from('1')), own(NumberRef.from(2))];
  names.set('a', one);
  names.set('a', two);
  expect(counts(one)).toEqual([1, 0]);
  expect(names.get('a')).toBeInstanceOf(NumberRef);
  expect(names.keys()).toEqual(['a']);
});

test('every string is a name', () => {
  const ref = own(new MapRef());
  const all = [...new Set(texts)];
  all.forEach((name) => names.set(name, ref));
  expect(names.keys()).toEqual(all);
  all.forEach((name) => expect(names.get(name)!.id).toBe(ref.id));
  expect(counts(ref)).toEqual([1, all.length]);
  all.forEach((name) => expect(names.delete(name)).toBe(true));
  expect(counts(ref)).toEqual([1, 0]);
});

test.each(chunkLengths)('%i names', (n) => {
  const ref = own(new MapRef());
  const all = Array.from({ length: n }, (_, i) => `name ${i}`);
  all.forEach((name) => names.set(name, ref));
  expect(names.keys()).toEqual(all);
  all.filter((_, i) => i % 2).forEach((name) => names.delete(name));
  expect(names.keys()).toEqual(all.filter((_, i) => i % 2 === 0));
});

describe('named', () => {
  test('opens or creates, and borrows', () => {
    const rows: [string, () => any, () => any, unknown][] = [
      [
        'StringRef',
        () => StringRef.named('n', 'first'),
        () => StringRef.named('n', 'second'),
        'first',
      ],
      ['NumberRef', () => NumberRef.named('n', 1), () => NumberRef.named('n', 2), 1],
      ['MapRef', () => MapRef.named('n', { a: 1 }), () => MapRef.named('n', { b: 1 }), { a: 1 }],
      ['VectorRef', () => VectorRef.named('n', [1]), () => VectorRef.named('n', [2]), [1]],
      ['StructRef', () => Point.named('n', { x: 1 }), () => Point.named('n', { x: 2 }), { x: 1 }],
    ];
    for (const [type, create, open, value] of rows) {
      const made = create();
      const opened = open();
      expect(opened.id).toBe(made.id);
      expect(opened.obtainValue()).toEqual(value);
      expect(opened.constructor).toBe(made.constructor);
      expect(typeOf(made.id)).toBe(type);
      expect(counts(made)).toEqual([0, 1]);
      blocked(() => made.drop(), 'ERR_NO_CLAIM');
      names.delete('n');
      expect(made.isAlive).toBe(false);
    }
  });

  test('without initial value', () => {
    expect(StringRef.named('s').obtainValue()).toBe('');
    expect(NumberRef.named('n').obtainValue()).toBe(0);
    expect(MapRef.named('m').size).toBe(0);
    expect(VectorRef.named('v').length).toBe(0);
    expect(Point.named('p').x).toBe(0);
    expect(BufferRef.named('b').byteLength).toBe(0);
    expect(BufferRef.named('b8', 8).byteLength).toBe(8);
    expect(BufferRef.named('b2', Uint8Array.of(1, 2)).toJSON()).toEqual([1, 2]);
  });

  test('a name of another type is refused and left alone', () => {
    const ref = StringRef.named('s', 'text');
    for (const open of [NumberRef, MapRef, VectorRef, BufferRef]) {
      blocked(
        () => (open as typeof MapRef).named('s'),
        'ERR_TYPE_MISMATCH',
        /"s" stands for a StringRef/,
      );
    }
    blocked(() => Point.named('s'), 'ERR_TYPE_MISMATCH');
    Point.named('p');
    blocked(() => new StructFactory({ x: 'any' }).named('p'), 'ERR_TYPE_MISMATCH', /another shape/);
    expect(ref.obtainValue()).toBe('text');
  });

  test('a bad initial value creates nothing and takes no name', () => {
    blocked(() => StringRef.named('x', 1 as any), 'ERR_INVALID_ARG_TYPE');
    blocked(() => NumberRef.named('x', '1' as any), 'ERR_INVALID_ARG_TYPE');
    blocked(() => MapRef.named('x', 1 as any), 'ERR_INVALID_ARG_TYPE');
    blocked(() => MapRef.named('x', { a: {} } as any), 'ERR_UNSUPPORTED_VALUE');
    blocked(() => VectorRef.named('x', [{}] as any), 'ERR_UNSUPPORTED_VALUE');
    blocked(() => BufferRef.named('x', -1), 'ERR_OUT_OF_RANGE');
    blocked(() => Point.named('x', { x: '1' } as any), 'ERR_INVALID_ARG_TYPE');
    expect(names.keys()).toEqual([]);
  });

  test('a source whose iteration takes the name first does not win', () => {
    function* source(): Generator<[string, number]> {
      names.set('m', own(MapRef.from({ early: 1 })));
      yield ['late', 1];
    }
    expect(MapRef.named('m', source()).obtainValue()).toEqual({ early: 1 });
  });
});

test('bad names and values change nothing', () => {
  const ref = own(StringRef.from('x'));
  for (const bad of [undefined, null, 1, true, 1n, {}, [], Symbol('s'), ref]) {
    const name = bad as any;
    blocked(() => names.get(name), 'ERR_INVALID_ARG_TYPE', /name must be a string/);
    blocked(() => names.acquire(name), 'ERR_INVALID_ARG_TYPE');
    blocked(() => names.delete(name), 'ERR_INVALID_ARG_TYPE');
    blocked(() => names.set(name, ref), 'ERR_INVALID_ARG_TYPE');
    blocked(() => StringRef.named(name), 'ERR_INVALID_ARG_TYPE');
  }
  for (const bad of [undefined, null, 1, 'x', true, 1n, {}, { id: ref.id }, ref.id, Symbol('s')]) {
    blocked(() => names.set('a', bad as any), 'ERR_UNSUPPORTED_VALUE');
  }
  expect(names.keys()).toEqual([]);
  expect(counts(ref)).toEqual([1, 0]);
});
