// share() puts plain values into the heap, obtainValue() copies them out.
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  refFromId,
  share,
} from 'shared-heap';
import type { Ref } from 'shared-heap';
import { blocked, checkHeap, chunkLengths, counts, own, primitives, thrownBy } from './support';

checkHeap();

const copyOf = (value: unknown): unknown => own(share(value) as MapRef).obtainValue();

describe('share', () => {
  test('gives a ref of the right class with one claim', () => {
    const rows: [unknown, new (...args: any[]) => Ref][] = [
      ['text', StringRef],
      [1, NumberRef],
      [{ a: 1 }, MapRef],
      [new Map(), MapRef],
      [[1], VectorRef],
      [new Uint8Array(2), BufferRef],
      [new ArrayBuffer(2), BufferRef],
      [new DataView(new ArrayBuffer(2)), BufferRef],
      [new SharedArrayBuffer(2), BufferRef],
      [Buffer.from('x'), BufferRef],
      [Object.create(null), MapRef],
    ];
    for (const [value, cls] of rows) {
      const ref = own(share(value) as Ref);
      expect(ref).toBeInstanceOf(cls);
      expect(counts(ref)).toEqual([1, 0]);
    }
  });

  test('round trips', () => {
    const values: unknown[] = [
      { a: 1, b: { c: [1, 'x', { d: null }] } },
      [],
      {},
      [[], [[]]],
      new Map(),
      [undefined, null],
      new Map<any, any>([
        [1, 'one'],
        ['1', [1]],
        [NaN, new Map()],
      ]),
      { '': '', ' ': 0 },
      { a: { b: { c: { d: { e: 5 } } } } },
      [true, false, 1n, -(2n ** 99n)],
      Array(3),
    ];
    for (const value of values) expect(copyOf(value)).toEqual(value);
    expect(copyOf(primitives)).toEqual(primitives);
    expect(copyOf([, 1, ,])).toEqual([undefined, 1, undefined]); // eslint-disable-line no-sparse-arrays
  });

  test.each(chunkLengths)('arrays, objects and Maps of %i elements', (n) => {
    const array = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? [i] : i));
    const object = Object.fromEntries(array.map((value, i) => [`k${i}`, value]));
    expect(copyOf(array)).toEqual(array);
    expect(copyOf(object)).toEqual(object);
    expect(copyOf(new Map(array.map((value, i) => [i, value])))).toEqual(
      new Map(array.map((value, i) => [i, value])),
    );
  });

  test('bytes of views, not of their whole buffer', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const view of [
      bytes.subarray(2, 5),
      new Uint16Array(bytes.buffer, 2, 2),
      new DataView(bytes.buffer, 1, 3),
    ]) {
      const copy = new Uint8Array(copyOf(view) as ArrayBuffer);
      expect([...copy]).toEqual([...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)]);
    }
  });

  test('what is reached twice is one object', () => {
    const part = { p: 1 };
    const list = [part, part, { again: part }];
    const ref = own(share(list));
    const [a, b, c] = ref.slice() as MapRef[];
    expect(a!.id).toBe(b!.id);
    expect((c!.get('again') as Ref).id).toBe(a!.id);
    expect(counts(a!)).toEqual([0, 3]);
    const copy = ref.obtainValue() as any;
    expect(copy[0]).toBe(copy[1]);
    expect(copy[2].again).toBe(copy[0]);
  });

  test('cycles come out as cycles', () => {
    const root: any = { list: [], map: new Map() };
    root.self = root;
    root.list.push(root, root.list);
    root.map.set('root', root).set('map', root.map);
    const ref = own(share(root));
    expect(counts(ref)).toEqual([1, 3]);
    const copy = ref.obtainValue();
    expect(copy.self).toBe(copy);
    expect(copy.list[0]).toBe(copy);
    expect(copy.list[1]).toBe(copy.list);
    expect(copy.map.get('root')).toBe(copy);
    expect(copy.map.get('map')).toBe(copy.map);
    (ref.get('list') as unknown as VectorRef).clear();
    (ref.get('map') as unknown as MapRef).clear();
    ref.clear();
  });

  test('refs inside are held, and copied out as their values', () => {
    const text = own(StringRef.from('t'));
    const struct = own(new StructFactory({ f: 'any' }).new({ f: text }));
    const ref = own(share({ text, deep: [struct, text] }));
    expect(counts(text)).toEqual([1, 3]);
    expect(ref.obtainValue()).toEqual({ text: 't', deep: [{ f: 't' }, 't'] });
    const same = own(share(text));
    expect(same.id).toBe(text.id);
    expect(counts(text)).toEqual([2, 3]);
  });

  test('__proto__ is a key like others', () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "a": {"__proto__": null}}') as object;
    const copy = copyOf(value) as any;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value));
    expect(copy.x).toBeUndefined();
  });

  test('array properties and inherited ones are not taken', () => {
    expect(copyOf(Object.assign([1], { extra: 2 }))).toEqual([1]);
    const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false });
    expect(copyOf(hidden)).toEqual({ a: 1 });
  });

  const path: [unknown, string][] = [
    [{ a: [1, { b: () => 1 }] }, '$.a[1].b'],
    [{ a: Symbol('s') }, '$.a'],
    [[new Date()], '$[0]'],
    [{ 'not a name': new Set() }, '$["not a name"]'],
    [new Map([['k', [new Date()]]]), '$.get("k")[0]'],
    [new Map([[1, Symbol('s')]]), '$.get(1)'],
    [{ a: Promise.resolve() }, '$.a'],
    [{ a: /x/ }, '$.a'],
    [{ a: Object.create({ inherited: 1 }) as object }, '$.a'],
    [{ a: new Error('x') }, '$.a'],
    [{ a: new WeakMap() }, '$.a'],
    [{ a: Object(1) }, '$.a'],
  ];

  test.each(path)('what cannot be shared is refused with its path: %#', (value, where) => {
    const error = thrownBy(() => share(value));
    expect(error.code).toBe('ERR_UNSUPPORTED_VALUE');
    expect(error.message).toContain(where);
  });

  test('keys that cannot be', () => {
    blocked(() => share(new Map([[{}, 1]])), 'ERR_UNSUPPORTED_VALUE', /key/);
    blocked(() => share({ a: new Map([[Symbol('s'), 1]]) }), 'ERR_UNSUPPORTED_VALUE', /\$\.a/);
    blocked(() => share({ [Symbol('s')]: 1 }), 'ERR_UNSUPPORTED_VALUE', /key/);
  });

  test('primitives that are no objects of their own', () => {
    for (const value of [undefined, null, true, 1n, Symbol('s'), () => 1]) {
      blocked(() => share(value as any), 'ERR_UNSUPPORTED_VALUE');
    }
  });

  test('a Date is refused with the way to store it', () => {
    blocked(() => share({ at: new Date() }), 'ERR_UNSUPPORTED_VALUE', /getTime\(\)/);
    blocked(() => share([new Set()]), 'ERR_UNSUPPORTED_VALUE', /share\(\[\.\.\.set\]\)/);
  });

  test('what a getter throws comes through, nothing is left behind', () => {
    const mine = new Error('mine');
    const value = {
      a: [1, 2],
      get b(): never {
        throw mine;
      },
    };
    expect(thrownBy(() => share(value))).toBe(mine);
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw mine;
        },
      },
    );
    expect(thrownBy(() => share([proxy]))).toBe(mine);
  });

  test('getters that change what is being read', () => {
    const list = [1, 2, 3];
    const value = {
      get a() {
        list.length = 1;
        return 'a';
      },
      list,
    };
    expect(copyOf(value)).toEqual({ a: 'a', list: [1] });
    const growing = [0];
    Object.defineProperty(growing, 0, { get: () => growing.push(growing.length) });
    expect(copyOf(growing)).toEqual([2, 1]);
  });

  test('a getter that drops a ref found before', () => {
    const ref = StringRef.from('x');
    const value = {
      ref,
      get b() {
        ref.drop();
        return 1;
      },
    };
    blocked(() => share(value), 'ERR_USE_AFTER_FREE');
  });
});

describe('obtainValue', () => {
  test('is a copy: changing it changes nothing', () => {
    const ref = own(share({ a: [1] }));
    const copy = ref.obtainValue() as any;
    copy.a.push(2);
    copy.b = 1;
    expect(ref.obtainValue()).toEqual({ a: [1] });
  });

  test('keeps sharing between containers made by hand', () => {
    const part = own(MapRef.from({ p: 1 }));
    const text = own(StringRef.from('t'));
    const map = own(MapRef.from<Ref>({ one: part, two: part }));
    map.set('list', own(VectorRef.from<Ref>([part, text, text])));
    const copy = map.obtainValue() as any;
    expect(copy.one).toBe(copy.two);
    expect(copy.list[0]).toBe(copy.one);
    expect(copy.list.slice(1)).toEqual(['t', 't']);
  });

  test('bytes inside are copies', () => {
    const bytes = own(BufferRef.from(Uint8Array.of(1, 2)));
    const copy = own(VectorRef.from([bytes])).obtainValue() as any;
    new Uint8Array(copy[0])[0] = 9;
    expect([...new Uint8Array(bytes.obtainValue())]).toEqual([1, 2]);
  });

  test('through refFromId it is the same', () => {
    const ref = own(share({ a: [new Map([[1, 2]])] }));
    const found: any = own(refFromId(ref));
    expect(found.obtainValue()).toEqual({ a: [new Map([[1, 2]])] });
  });

  test('a cycle made by hand, of every kind of container', () => {
    const Node = new StructFactory({ next: 'ref' });
    const [map, vector, node] = [
      own(new MapRef<string, Ref>()),
      own(new VectorRef<Ref>()),
      own(Node.new()),
    ];
    map.set('v', vector);
    vector.push(node);
    node.next = map;
    const copy = map.obtainValue() as Map<string, any>;
    expect(copy.get('v')[0].next).toBe(copy);
    expect(map.getValue('v')).toEqual([{ next: expect.any(Map) }]);
    node.next = null;
  });
});
