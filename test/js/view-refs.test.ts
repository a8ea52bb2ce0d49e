// Which object a ref reaches through the direct view (docs/view.md): forged and stale ids, slots that are
// used again, refs that are finished.
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  refFromId,
  typeOf,
} from 'shared-heap';

import { allowed, blocked, checkHeap, native, own, thrownBy } from './support';

checkHeap();

describe('ids', () => {
  const Shape = new StructFactory({ n: 'number', b: 'boolean', s: 'string' });
  const make: Record<string, () => any> = {
    NumberRef: () => NumberRef.from(1),
    StringRef: () => StringRef.from('text'),
    MapRef: () => MapRef.from([[1, 1]]),
    VectorRef: () => VectorRef.from([1, 2, 3]),
    StructRef: () => Shape.new({ n: 1 }),
    BufferRef: () => BufferRef.alloc(8),
  };
  const attach: Record<string, (...args: any[]) => any> = {
    NumberRef: (...args) => new NumberRef(...(args as [any])),
    StringRef: (...args) => new StringRef(...(args as [any])),
    MapRef: (...args) => new MapRef(...(args as [any])),
    VectorRef: (...args) => new VectorRef(...(args as [any])),
    StructRef: (id) => Shape.attach(id),
    BufferRef: (...args) => new BufferRef(...(args as [any])),
  };
  const types = Object.keys(make);

  test.each(types)('%s: a forged id attaches to nothing', (type) => {
    const ref = own(make[type]!());
    const id = ref.id as number;
    const names = 1; // the map of names, which no id reaches
    const never = [0, -0, names, -1, -id, 0.5, id + 0.5, NaN, Infinity, -Infinity];
    const big = [
      2 ** 52,
      id + 2 ** 52,
      id + 2 ** 53,
      id - 2 ** 52,
      2 ** 31,
      2 ** 32,
      2 ** 32 - 1,
      Number.MAX_SAFE_INTEGER,
    ];
    const future = [
      id + 2 ** 32,
      id + 5 * 2 ** 32,
      id + 2 ** 51,
      id + 415_300 * 2 ** 32,
      415_300 * 2 ** 32,
    ];
    for (const forged of [...never, ...big, ...future]) {
      const error = thrownBy(() => attach[type]!(forged));
      expect(['ERR_INVALID_ID', 'ERR_USE_AFTER_FREE']).toContain(error.code);
      expect(typeOf(forged)).toBeUndefined();
      blocked(() => refFromId(forged), error.code as any);
    }
    for (const forged of [
      `${id}`,
      BigInt(id),
      [id],
      { id: `${id}` },
      { id: NaN },
      null,
      undefined,
      true,
      Symbol('s'),
    ]) {
      blocked(() => attach[type]!(forged), 'ERR_INVALID_ID');
    }
    expect(attach[type]!({ id }).id).toBe(id);
    expect(attach[type]!(id).isAlive).toBe(true);
  });

  test.each(types)('%s: an id of another type attaches to nothing', (type) => {
    const ref = own(make[type]!());
    for (const other of types) {
      if (other !== type) blocked(() => attach[other]!(ref.id), 'ERR_TYPE_MISMATCH');
    }
  });

  test.each(types)('%s: the next object in the slot is not the one before', (type) => {
    const before = make[type]!();
    const again = attach[type]!(before.id);
    const id = before.id as number;
    before.drop();
    const next = Array.from({ length: 5 }, () => own(make[type]!()));
    expect(next.some((ref) => ref.id % 2 ** 32 === id % 2 ** 32)).toBe(true);
    expect([before.isAlive, again.isAlive]).toEqual([false, false]);
    blocked(() => attach[type]!(id), 'ERR_USE_AFTER_FREE');
    blocked(() => again.toJSON(), 'ERR_USE_AFTER_FREE');
    blocked(() => again.retain(), 'ERR_USE_AFTER_FREE');
    expect(next.every((ref) => ref.isAlive)).toBe(true);
  });

  test('of a new object in a page that was given back', () => {
    const old = Array.from({ length: 1000 }, () => NumberRef.from(1));
    const stale = old.map((ref) => new NumberRef(ref.id));
    for (const ref of old) ref.drop();
    heap.trim();
    for (const ref of stale) {
      expect(ref.isAlive).toBe(false);
      blocked(() => ref.obtainValue(), 'ERR_USE_AFTER_FREE');
      blocked(() => ref.setValue(2), 'ERR_USE_AFTER_FREE');
    }
    const next = Array.from({ length: 1000 }, (_, i) => own(NumberRef.from(i)));
    for (const ref of stale) blocked(() => ref.setValue(2), 'ERR_USE_AFTER_FREE');
    expect(next.every((ref, i) => ref.obtainValue() === i)).toBe(true);
  });

  test('of objects made after the table has grown', () => {
    const { length } = native.walk(0);
    const many = Array.from({ length: 3000 }, (_, i) => own(NumberRef.from(i)));
    const vectors = Array.from({ length: 3000 }, (_, i) => own(VectorRef.from([i])));
    expect(native.walk(0).length).toBeGreaterThanOrEqual(length);
    many.forEach((ref, i) => {
      ref.setValue(ref.obtainValue() + 1);
      expect(native.numberGet(ref.id)).toBe(i + 1);
    });
    for (let round = 0; round < 3; round++) {
      expect(vectors.every((vector, i) => vector.at(0) === i && vector.length === 1)).toBe(true);
    }
  });
});

describe('refs that are finished', () => {
  const Shape = new StructFactory({ n: 'number', b: 'boolean', s: 'string' });
  const uses: [string, (ref: any) => unknown, () => any][] = [
    ['NumberRef.obtainValue', (ref) => ref.obtainValue(), () => NumberRef.from(1)],
    ['NumberRef.setValue', (ref) => ref.setValue(2), () => NumberRef.from(1)],
    ['StringRef.obtainValue', (ref) => ref.obtainValue(), () => StringRef.from('text')],
    ['MapRef.size', (ref) => ref.size, () => MapRef.from([[1, 1]])],
    ['VectorRef.length', (ref) => ref.length, () => VectorRef.from([1])],
    ['VectorRef.at', (ref) => ref.at(0), () => VectorRef.from([1])],
    ['VectorRef.index', (ref) => ref.index(0), () => VectorRef.from([1])],
    ['VectorRef.valueAt', (ref) => ref.valueAt(0), () => VectorRef.from([true])],
    ['VectorRef[Symbol.iterator]', (ref) => [...ref], () => VectorRef.from([1])],
    ['a number field', (ref) => ref.n, () => Shape.new({ n: 1 })],
    ['setting a number field', (ref) => (ref.n = 2), () => Shape.new({ n: 1 })],
    ['a boolean field', (ref) => ref.b, () => Shape.new({ b: true })],
    ['setting a boolean field', (ref) => (ref.b = false), () => Shape.new({ b: true })],
    ['a text field', (ref) => ref.s, () => Shape.new({ s: 'text' })],
  ];
  const endings: Record<string, (ref: any) => void> = {
    dropped: (ref) => ref.drop(),
    disposed: (ref) => ref[Symbol.dispose](),
    moved: (ref) => own(new VectorRef<any>()).push(ref.move()),
  };

  test.each(uses)('%s', (_, use, make) => {
    new NumberRef().drop();
    for (const end of Object.values(endings)) {
      for (const isOnline of [false, true]) {
        const ref = make();
        const other = own(ref.retain());
        for (let i = 0; i < 4; i++) use(ref);
        if (isOnline) own(new NumberRef()).setValue(1);
        end(ref);
        for (let i = 0; i < 4; i++) blocked(() => use(ref), 'ERR_USE_AFTER_FREE');
        expect(ref.isAlive).toBe(true);
        for (let i = 0; i < 4; i++) allowed(() => use(other));
      }
    }
  });

  test.each(uses)('%s, of an object that is gone', (_, use, make) => {
    for (const isOnline of [false, true]) {
      const owner = make();
      const ref = owner.constructor === NumberRef ? new NumberRef(owner.id) : refFromId(owner.id);
      for (let i = 0; i < 4; i++) use(ref);
      if (isOnline) own(new NumberRef()).setValue(1);
      owner.drop();
      for (let i = 0; i < 4; i++) blocked(() => use(ref), 'ERR_USE_AFTER_FREE');
      expect((ref as any).isAlive).toBe(false);
    }
  });
});

describe('methods called on what is no ref of theirs', () => {
  const Shape = new StructFactory({ n: 'number', s: 'string' });
  test('ends in a TypeError', () => {
    const struct = own(Shape.new());
    const accessor = (name: string) =>
      Object.getOwnPropertyDescriptor(Object.getPrototypeOf(struct), name)!;
    const methods: ((...args: any[]) => unknown)[] = [
      NumberRef.prototype.obtainValue,
      NumberRef.prototype.setValue,
      StringRef.prototype.obtainValue,
      VectorRef.prototype.at,
      VectorRef.prototype.valueAt,
      VectorRef.prototype.len,
      MapRef.prototype.len,
      accessor('n').get!,
      accessor('n').set!,
      accessor('s').get!,
    ];
    const others = [
      undefined,
      null,
      5,
      'x',
      {},
      [],
      own(BufferRef.alloc(1)),
      Object.create(struct),
    ];
    for (const method of methods) {
      for (const other of others) {
        const error = thrownBy(() => method.call(other, 0));
        expect([TypeError.name, 'SharedHeapError']).toContain(error.constructor.name);
      }
    }
  });
});
