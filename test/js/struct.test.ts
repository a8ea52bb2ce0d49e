import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructDefinition,
  StructFactory,
  VectorRef,
  refFromId,
  typeOf,
} from 'shared-heap';
import { bigints, blocked, checkHeap, chunkLengths, counts, numbers, own, texts } from './support';

checkHeap();

const Point = new StructFactory({ x: 'number', y: 'number' });
const All = new StructFactory({
  text: 'string',
  number: 'number',
  flag: 'boolean',
  big: 'bigint',
  ref: 'ref',
  any: 'any',
  list: VectorRef,
  point: Point,
});

describe('making structs', () => {
  test('fields left out have their defaults', () => {
    const defaults = {
      text: '',
      number: 0,
      flag: false,
      big: 0n,
      ref: null,
      any: undefined,
      list: null,
      point: null,
    };
    expect(own(All.new()).obtainValue()).toEqual(defaults);
    expect(own(All.new({})).obtainValue()).toEqual(defaults);
    expect(own(All.new({ text: undefined, number: undefined })).obtainValue()).toEqual(defaults);
  });

  test('new, newProxy and new_proxy are the same', () => {
    for (const make of ['new', 'newProxy', 'new_proxy'] as const) {
      const struct = own(Point[make]({ x: 1 }));
      expect(struct.x).toBe(1);
      expect(struct.getKey('y')).toBe(0);
      expect(counts(struct)).toEqual([1, 0]);
    }
  });

  test('StructDefinition is StructFactory', () => {
    expect(StructDefinition).toBe(StructFactory);
  });

  test.each(chunkLengths)('newMany makes %i at once', (n) => {
    const points = Point.newMany(Array.from({ length: n }, (_, i) => ({ x: i, y: -i })));
    points.forEach(own);
    expect(points.map(({ x, y }) => [x, y])).toEqual(points.map((_, i) => [i, -i]));
    expect(new Set(points.map(({ id }) => id)).size).toBe(n);
  });

  test('newMany takes any iterable and makes all or none', () => {
    const made = Point.newMany(new Set([{ x: 1 }, {}]));
    made.forEach(own);
    expect(made.map((point) => point.obtainValue())).toEqual([
      { x: 1, y: 0 },
      { x: 0, y: 0 },
    ]);
    const bad = Array.from({ length: 3000 }, (_, i) => ({ x: i === 2999 ? 'no' : i }));
    blocked(() => Point.newMany(bad as any), 'ERR_INVALID_ARG_TYPE', /'x' must be a number/);
  });

  test('a struct without fields, and one with many', () => {
    const Empty = new StructFactory({});
    expect(own(Empty.new()).obtainValue()).toEqual({});
    expect(Empty.newMany([{}, {}]).map(own)).toHaveLength(2);
    const names = Array.from({ length: 500 }, (_, i) => `f${i}`);
    const Wide = new StructFactory(Object.fromEntries(names.map((name) => [name, 'any'])));
    const wide = own(Wide.new(Object.fromEntries(names.map((name, i) => [name, i]))));
    names.forEach((name, i) => expect(wide.getKey(name)).toBe(i));
    expect(Object.keys(wide.obtainValue())).toEqual(names);
  });

  test('too many fields are refused', () => {
    const shape = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`f${i}`, 'any']));
    blocked(() => new StructFactory(shape as any), 'ERR_OUT_OF_RANGE', /fields/);
  });
});

describe('fields', () => {
  test('getKey, setKey and accessors reach the same field', () => {
    const struct = own(All.new({ text: 'a' }));
    expect(struct.setKey('text', 'b')).toBeUndefined();
    expect(struct.text).toBe('b');
    struct.text = 'c';
    expect(struct.getKey('text')).toBe('c');
  });

  test('keep every value of their type', () => {
    const struct = own(All.new());
    for (const text of texts) {
      struct.text = text;
      expect(struct.text === text).toBe(true);
      struct.any = text;
      expect(struct.any === text).toBe(true);
    }
    for (const number of numbers) {
      struct.number = number;
      expect(struct.number).toBe(number);
      struct.any = number;
      expect(struct.any).toBe(number);
    }
    for (const big of bigints) {
      struct.big = big;
      expect(struct.big).toBe(big);
      struct.any = big;
      expect(struct.any).toBe(big);
    }
    for (const flag of [true, false]) {
      struct.flag = flag;
      expect(struct.flag).toBe(flag);
    }
    for (const value of [undefined, null, true, false]) {
      struct.any = value;
      expect(struct.any).toBe(value);
    }
  });

  test('getKey borrows, getValue copies, acquire owns', () => {
    const text = own(StringRef.from('t'));
    const list = own(VectorRef.from([1]));
    const point = own(Point.new({ x: 1 }));
    const struct = own(All.new({ ref: text, any: 5, list, point }));
    expect(struct.getKey('ref')).toBeInstanceOf(StringRef);
    expect(struct.list).toBeInstanceOf(VectorRef);
    expect(struct.point!.x).toBe(1);
    expect(struct.getValue('ref')).toBe('t');
    expect(struct.getValue('list')).toEqual([1]);
    expect(struct.getValue('point')).toEqual({ x: 1, y: 0 });
    expect(struct.getValue('any')).toBe(5);
    expect(counts(text)).toEqual([1, 1]);
    const acquired = struct.acquire('ref')!;
    expect(counts(text)).toEqual([2, 1]);
    acquired.drop();
    expect(struct.acquire('any')).toBe(5);
  });

  test('a typed field takes its type and null, nothing else', () => {
    const [text, list] = [own(new StringRef()), own(new VectorRef())];
    const struct = own(All.new());
    struct.list = list;
    struct.list = null;
    expect(counts(list)).toEqual([1, 0]);
    blocked(() => struct.setKey('list', text as any), 'ERR_TYPE_MISMATCH', /'list' must be a Vec/);
    blocked(() => struct.setKey('point', text as any), 'ERR_TYPE_MISMATCH', /'point'/);
    blocked(() => struct.setKey('point', own(All.new()) as any), 'ERR_TYPE_MISMATCH', /'point'/);
    struct.ref = text;
    struct.ref = list;
    expect(counts(text)).toEqual([1, 0]);
  });

  test('unknown fields are refused with the names there are', () => {
    const struct = own(Point.new({ x: 1 }));
    for (const name of ['z', '', '__proto__', 'toString', 'constructor', 'id']) {
      blocked(() => struct.getKey(name as any), 'ERR_UNKNOWN_FIELD', /x, y/);
      blocked(() => struct.setKey(name as any, 1), 'ERR_UNKNOWN_FIELD');
      blocked(() => struct.getValue(name as any), 'ERR_UNKNOWN_FIELD');
      blocked(() => struct.acquire(name as any), 'ERR_UNKNOWN_FIELD');
    }
    blocked(() => Point.new({ z: 1 } as any), 'ERR_UNKNOWN_FIELD', /"z"/);
    blocked(() => Point.newMany([{ x: 1 }, { z: 1 } as any]), 'ERR_UNKNOWN_FIELD');
  });

  test('fields named like members are reached by getKey and setKey alone', () => {
    const Odd = new StructFactory({
      id: 'number',
      drop: 'string',
      getKey: 'string',
      constructor: 'string',
      toString: 'string',
      obtainValue: 'any',
      equals: 'boolean',
    });
    const struct = own(Odd.new({ id: 7, drop: 'd', getKey: 'g', constructor: 'c', toString: 's' }));
    expect(struct.getKey('id')).toBe(7);
    expect(typeOf(struct.id)).toBe('StructRef');
    struct.setKey('drop', 'dd');
    expect(struct.getKey('drop')).toBe('dd');
    expect(typeof struct.drop).toBe('function');
    expect(struct.getKey('constructor')).toBe('c');
    expect(typeof struct.obtainValue).toBe('function');
    expect(struct.obtainValue()).toEqual({
      id: 7,
      drop: 'dd',
      getKey: 'g',
      constructor: 'c',
      toString: 's',
      obtainValue: undefined,
      equals: false,
    });
  });

  test('names are any strings, lone surrogates and __proto__ included', () => {
    const names = ['', ' ', 'ä', '\ud800', '\udfff\ud800', 'x'.repeat(70_000), '0', 'a b'];
    const shape = Object.fromEntries([...names, '__proto__'].map((name) => [name, 'number']));
    const Odd = new StructFactory(shape as any);
    const struct = own(Odd.new());
    [...names, '__proto__'].forEach((name, i) => struct.setKey(name, i + 1));
    const copy = struct.obtainValue() as Record<string, number>;
    const keys = Object.keys(copy);
    expect(new Set(keys)).toEqual(new Set([...names, '__proto__']));
    [...names, '__proto__'].forEach((name, i) => {
      expect(Object.getOwnPropertyDescriptor(copy, name)!.value).toBe(i + 1);
    });
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });
});

describe('shapes', () => {
  test('the same names and types are the same type', () => {
    const Again = new StructFactory({ x: 'number', y: 'number' });
    const point = own(Point.new({ x: 1 }));
    const again = own(Again.attach(point.id));
    expect(again.x).toBe(1);
    expect(Object.getPrototypeOf(again)).toBe(Object.getPrototypeOf(point));
    expect(Object.getPrototypeOf(own(refFromId(point)))).toBe(Object.getPrototypeOf(point));
  });

  test.each([
    ['other order', { y: 'number', x: 'number' }],
    ['other type', { x: 'number', y: 'any' }],
    ['other name', { x: 'number', z: 'number' }],
    ['more fields', { x: 'number', y: 'number', z: 'number' }],
    ['fewer fields', { x: 'number' }],
  ] as const)('%s is another type', (_, shape) => {
    const Other = new StructFactory<any>(shape);
    const point = own(Point.new());
    blocked(() => Other.attach(point.id), 'ERR_TYPE_MISMATCH', /another shape/);
    blocked(() => Other.adopt(point.id), 'ERR_TYPE_MISMATCH');
    blocked(() => Other.acquire(point.id), 'ERR_TYPE_MISMATCH');
    expect(counts(point)).toEqual([1, 0]);
  });

  test('a method of one class on a struct of another shape is refused', () => {
    const point = own(Point.new({ x: 1 }));
    const other = own(new StructFactory({ x: 'any' }).new({ x: 2 }));
    const getX = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(point), 'x')!.get!;
    blocked(() => getX.call(other), 'ERR_TYPE_MISMATCH');
    blocked(() => getX.call(own(new MapRef())), 'ERR_TYPE_MISMATCH');
  });

  test('field types that are none are refused', () => {
    for (const type of [
      'text',
      '',
      'String',
      1,
      null,
      undefined,
      String,
      Object,
      {},
      [],
      Symbol('s'),
    ]) {
      blocked(() => new StructFactory({ a: type } as any), 'ERR_INVALID_ARG_TYPE', /field "a"/);
    }
    for (const shape of [undefined, null, 'x', 1, [], new Map(), () => 1, Symbol('s')]) {
      blocked(() => new StructFactory(shape as any), 'ERR_INVALID_ARG_TYPE', /shape/);
    }
  });

  test('every ref class is a field type', () => {
    const Typed = new StructFactory({
      s: StringRef,
      n: NumberRef,
      m: MapRef,
      v: VectorRef,
      b: BufferRef,
    });
    const parts = {
      s: own(StringRef.from('s')),
      n: own(NumberRef.from(1)),
      m: own(new MapRef()),
      v: own(new VectorRef()),
      b: own(new BufferRef()),
    };
    const struct = own(Typed.new(parts));
    for (const [name, part] of Object.entries(parts)) {
      const found = struct.getKey(name as 's');
      expect(found!.equals(part)).toBe(true);
      expect(found!.constructor).toBe(part.constructor);
      expect(counts(part)).toEqual([1, 1]);
    }
  });

  test('all init values that are no objects of fields are refused', () => {
    for (const init of [null, 1, 'x', [], true, Symbol('s'), own(new MapRef())]) {
      blocked(() => Point.new(init as any), 'ERR_INVALID_ARG_TYPE', /init/);
      blocked(() => Point.newMany([init as any]), 'ERR_INVALID_ARG_TYPE', /init/);
    }
  });
});
