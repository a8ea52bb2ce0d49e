import { BufferRef, MapRef, heap } from 'shared-heap';
import { blocked, checkHeap, inChild, own } from './support';

checkHeap();

const bytesOf = (buffer: ArrayBufferLike): number[] => [...new Uint8Array(buffer)];

test('alloc makes zero bytes, new BufferRef() none', () => {
  for (const n of [0, 1, 15, 16, 17, 4096, 100_000]) {
    const ref = own(BufferRef.alloc(n));
    expect(ref.byteLength).toBe(n);
    expect(bytesOf(ref.obtainValue())).toEqual(Array<number>(n).fill(0));
    new Uint8Array(ref.view()).fill(255);
  }
  // Memory used before is zeroed too.
  for (const n of [1, 17, 4096])
    expect(bytesOf(own(BufferRef.alloc(n)).view())).toEqual(Array<number>(n).fill(0));
  expect(own(new BufferRef()).byteLength).toBe(0);
  expect(own(new BufferRef()).view().byteLength).toBe(0);
});

test('alloc refuses lengths that are none', () => {
  for (const n of [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53]) {
    blocked(() => BufferRef.alloc(n), 'ERR_OUT_OF_RANGE');
  }
  for (const n of [undefined, null, '1', 1n, {}, [], true, Symbol('s')]) {
    blocked(() => BufferRef.alloc(n as any), 'ERR_INVALID_ARG_TYPE');
  }
});

test('from copies the bytes of every kind of source', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const shared = new SharedArrayBuffer(8);
  new Uint8Array(shared).set(bytes);
  const sources: [ArrayBufferLike | ArrayBufferView, number[]][] = [
    [bytes, [1, 2, 3, 4, 5, 6, 7, 8]],
    [bytes.buffer, [1, 2, 3, 4, 5, 6, 7, 8]],
    [bytes.subarray(2, 4), [3, 4]],
    [new DataView(bytes.buffer, 3, 2), [4, 5]],
    [new Uint16Array(bytes.buffer, 2, 1), [3, 4]],
    [new BigInt64Array(bytes.buffer), [1, 2, 3, 4, 5, 6, 7, 8]],
    [Buffer.from([9, 8]), [9, 8]],
    [shared, [1, 2, 3, 4, 5, 6, 7, 8]],
    [new Uint8Array(shared, 6), [7, 8]],
    [new DataView(shared, 1, 2), [2, 3]],
    [new Uint8Array(0), []],
    [new ArrayBuffer(0), []],
  ];
  for (const [source, expected] of sources) {
    const ref = own(BufferRef.from(source));
    expect(bytesOf(ref.obtainValue())).toEqual(expected);
    expect(ref.toJSON()).toEqual(expected);
  }
  bytes[0] = 99;
  expect(bytesOf(own(BufferRef.from(bytes)).obtainValue())[0]).toBe(99);
});

test('from refuses what has no bytes, and detached ones', () => {
  for (const bad of [undefined, null, 1, 'x', [], [1, 2], {}, new Map(), Symbol('s'), () => 1]) {
    blocked(() => BufferRef.from(bad as any), 'ERR_INVALID_ARG_TYPE', /ArrayBuffer/);
  }
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  blocked(() => BufferRef.from(buffer), 'ERR_INVALID_ARG_TYPE', /detached/);
  blocked(() => BufferRef.from(view), 'ERR_INVALID_ARG_TYPE', /detached/);
});

test('view is the payload itself, of exactly its length', () => {
  const ref = own(BufferRef.from(Uint8Array.of(1, 2, 3)));
  const [one, two] = [ref.view(), own(new BufferRef(ref.id)).view()];
  expect(one).toBeInstanceOf(ArrayBuffer);
  expect(one.byteLength).toBe(3);
  new Uint8Array(one)[1] = 77;
  expect(bytesOf(two)).toEqual([1, 77, 3]);
  expect(bytesOf(ref.obtainValue())).toEqual([1, 77, 3]);
  expect(() => new Uint8Array(one, 0, 4)).toThrow(RangeError);
});

test('obtainValue is a private copy', () => {
  const ref = own(BufferRef.from(Uint8Array.of(1, 2, 3)));
  new Uint8Array(ref.obtainValue())[0] = 9;
  expect(bytesOf(ref.obtainValue())).toEqual([1, 2, 3]);
});

test('a view stays valid and its memory stays its own after drop', () => {
  const ref = BufferRef.from(new Uint8Array(4096).fill(7));
  const view = new Uint8Array(ref.view());
  ref.drop();
  const others = Array.from({ length: 50 }, () =>
    own(BufferRef.from(new Uint8Array(4096).fill(1))),
  );
  expect(view.every((byte) => byte === 7)).toBe(true);
  view.fill(8);
  expect(others.every((other) => bytesOf(other.obtainValue()).every((byte) => byte === 1))).toBe(
    true,
  );
  expect(heap.stats().pinnedBytes).toBeGreaterThanOrEqual(4096);
});

test('a view works with Atomics and every kind of array', () => {
  const ref = own(BufferRef.alloc(16));
  const words = new BigInt64Array(ref.view());
  Atomics.add(words, 1, 5n);
  expect(new DataView(ref.view()).getBigInt64(8, true)).toBe(5n);
  expect(new Float64Array(ref.view())).toHaveLength(2);
});

test('memory of dropped buffers goes back once their views are collected', () => {
  const result = inChild(
    async ({ BufferRef: Buffers, heap: all }) => {
      const before = all.stats();
      const held = Array.from({ length: 20 }, () => Buffers.alloc(1 << 20));
      let views: ArrayBuffer[] | undefined = held.map((ref) => ref.view());
      held.forEach((ref) => ref.drop());
      const pinned = all.stats().pinnedBytes;
      const usable = views.every((view) => new Uint8Array(view)[5] === 0);
      views = undefined;
      for (let i = 0; i < 10; i++) {
        (globalThis as any).gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      all.trim();
      const after = all.stats();
      return { usable, pinned, left: after.pinnedBytes, objects: after.objects - before.objects };
    },
    [],
    { flags: ['--expose-gc'] },
  );
  expect(result.usable).toBe(true);
  expect(result.pinned).toBeGreaterThanOrEqual(20 << 20);
  expect(result.left).toBe(0);
  expect(result.objects).toBe(0);
});

test('a process may end with views alive', () => {
  const result = inChild(({ BufferRef: Buffers }) => {
    const ref = Buffers.alloc(1000);
    (globalThis as any).kept = [ref.view(), ref.view()];
    ref.drop();
    return 'ended';
  }, []);
  expect(result).toBe('ended');
});

test('in a container it is held and copied', () => {
  const map = own(new MapRef<string, BufferRef>());
  map.set('b', BufferRef.from(Uint8Array.of(5)).move());
  expect(map.get('b')!.byteLength).toBe(1);
  expect(bytesOf(map.getValue('b')!)).toEqual([5]);
});
