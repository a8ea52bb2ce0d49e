import { MapRef, StringRef, StructFactory, heap, refFromId, typeOf } from 'shared-heap';
import * as everything from 'shared-heap';
import { blocked, checkHeap, inChild, native, own } from './support';

checkHeap();

test('the package exports what the README lists', () => {
  expect(Object.keys(everything).sort()).toEqual([
    'BufferRef',
    'MapRef',
    'NumberRef',
    'QueueRef',
    'Ref',
    'SharedHeapError',
    'StringRef',
    'StructDefinition',
    'StructFactory',
    'StructRef',
    'VectorRef',
    'configure',
    'heap',
    'isSupported',
    'lockAll',
    'names',
    'ref',
    'refFromId',
    'share',
    'typeOf',
  ]);
});

test('stats counts objects by type', () => {
  const before = heap.stats();
  own(StringRef.from('x'));
  const map = own(new MapRef());
  own(new StructFactory({ x: 'number' }).new());
  const after = heap.stats();
  expect(after.objects - before.objects).toBe(3);
  for (const type of ['StringRef', 'MapRef', 'StructRef', 'VectorRef', 'NumberRef', 'BufferRef']) {
    const more = ['StringRef', 'MapRef', 'StructRef'].includes(type) ? 1 : 0;
    expect(after.objectsByType[type]! - before.objectsByType[type]!).toBe(more);
  }
  map.drop();
  expect(heap.stats().objects - before.objects).toBe(2);
});

test('stats are numbers that fit together', () => {
  const stats = heap.stats();
  const { objectsByType, ...numbers } = stats;
  for (const value of [...Object.values(numbers), ...Object.values(objectsByType)]) {
    expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
  }
  expect(stats.limit).toBeLessThanOrEqual(stats.reserved);
  expect(stats.usedBytes).toBeLessThanOrEqual(stats.limit);
  expect(stats.liveBytes).toBeLessThanOrEqual(stats.usedBytes);
  expect(stats.environments).toBeGreaterThanOrEqual(1);
});

test('live bytes follow what is stored', () => {
  const before = heap.stats().liveBytes;
  const ref = own(StringRef.from('x'.repeat(100_000)));
  expect(heap.stats().liveBytes - before).toBeGreaterThanOrEqual(100_000);
  expect(heap.stats().liveBytes - before).toBeLessThan(101_000);
  ref.setValue('');
  expect(heap.stats().liveBytes - before).toBeLessThan(1000);
});

test('verify finds a sound heap sound and counts its objects', () => {
  own(MapRef.from({ a: 1 }));
  const report = heap.verify();
  expect(report).toMatchObject({ ok: true, quiescent: true, problems: [] });
  expect(report.objects).toBe(heap.stats().objects);
});

test('trim gives memory back', () => {
  const result = inChild(({ BufferRef, StringRef: Strings, heap: all }) => {
    all.trim();
    const before = all.stats().residentBytes;
    const refs = Array.from({ length: 64 }, () => BufferRef.from(new Uint8Array(1 << 20).fill(1)));
    const texts = Array.from({ length: 200_000 }, (_, i) =>
      Strings.from(`some text ${i} of a length`),
    );
    const full = all.stats().residentBytes;
    [...refs, ...texts].forEach((ref) => ref.drop());
    all.trim();
    return { before, full, after: all.stats().residentBytes, returned: all.trim() };
  }, []);
  expect(result.full - result.before).toBeGreaterThan(64 << 20);
  expect(result.after - result.before).toBeLessThan(4 << 20);
  expect(result.returned).toBeUndefined();
});

describe('ids', () => {
  test('typeOf names the type, and nothing for what is not alive', () => {
    const ref = StringRef.from('x');
    expect(typeOf(ref.id)).toBe('StringRef');
    expect(typeOf(ref)).toBe('StringRef');
    expect(typeOf({ id: ref.id })).toBe('StringRef');
    const { id } = ref;
    ref.drop();
    expect(typeOf(id)).toBeUndefined();
    expect(typeOf(ref)).toBeUndefined();
  });

  test('typeOf never throws', () => {
    const thrower = {
      get id(): never {
        throw new Error('no');
      },
    };
    const proxy = new Proxy(
      {},
      {
        has: () => {
          throw new Error('no');
        },
      },
    );
    for (const bad of [
      undefined,
      null,
      '1',
      1n,
      true,
      Symbol('s'),
      {},
      [],
      NaN,
      -1,
      0,
      1,
      0.5,
      2 ** 53,
      Infinity,
      thrower,
      proxy,
      { id: thrower },
      { id: Symbol('s') },
      () => 1,
    ]) {
      expect(typeOf(bad)).toBeUndefined();
    }
  });

  test('refFromId makes a ref of the class of the type', () => {
    const Point = new StructFactory({ x: 'number' });
    for (const ref of [
      own(new everything.StringRef()),
      own(new everything.NumberRef()),
      own(new MapRef()),
      own(new everything.VectorRef()),
      own(new everything.QueueRef()),
      own(new everything.BufferRef()),
      own(Point.new()),
    ]) {
      for (const found of [refFromId(ref.id), refFromId(ref), refFromId({ id: ref.id })]) {
        expect(found.constructor).toBe(ref.constructor);
        expect(found.id).toBe(ref.id);
        expect(Object.getPrototypeOf(found)).toBe(Object.getPrototypeOf(ref));
      }
    }
  });

  test('an id comes back in no other object', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const ref = StringRef.from('x');
      expect(seen.has(ref.id)).toBe(false);
      seen.add(ref.id);
      ref.drop();
    }
    for (const id of [...seen].slice(-100)) {
      expect(typeOf(id)).toBeUndefined();
      blocked(() => new StringRef(id), 'ERR_USE_AFTER_FREE', /use after free/);
    }
  });

  test('small first ids look like those of the original package', () => {
    const id = inChild(({ StringRef: Strings }) => Strings.from('foo').id, []);
    expect(id).toBeLessThan(10_000);
    expect(Number.isSafeInteger(id)).toBe(true);
  });

  test('walk lists what is alive', () => {
    const refs = [own(new MapRef()), own(StringRef.from('x'))];
    const ids = new Set<number>();
    let from = 0;
    do {
      native.walk(from).forEach((id) => ids.add(id));
      from = native.out[0]!;
    } while (from !== 0);
    for (const { id } of refs) expect(ids.has(id)).toBe(true);
  });
});

test('errors have name, code and message', () => {
  const ref = StringRef.from('x');
  ref.drop();
  try {
    ref.obtainValue();
    throw new Error('nothing was thrown');
  } catch (error) {
    expect(error).toBeInstanceOf(everything.SharedHeapError);
    const { name, code, message, stack } = error as everything.SharedHeapError;
    expect(name).toBe('SharedHeapError');
    expect(code).toBe('ERR_USE_AFTER_FREE');
    expect(message).toMatch(/use after free.*StringRef.*\d+/);
    expect(stack).toContain('heap.test');
    expect(Object.keys(error as object)).toEqual(['code']);
  }
});
