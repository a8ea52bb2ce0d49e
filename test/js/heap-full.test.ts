// A full heap: every operation that needs memory throws ERR_HEAP_FULL, having changed nothing, and
// works once something is dropped. In processes of their own, with a small limit.
import type { Heap } from './support';
import { inChild } from './support';

interface Report {
  code: string;
  /** Calls that succeeded before the one that did not. */
  calls: number;
  isUnchanged: boolean;
  worksAfterDrop: boolean;
  objects: number;
  verify: unknown;
}

type Setup = (heap: Heap) => {
  /** Called again and again until it throws. */
  run: (i: number) => unknown;
  /** What the failed call must not have changed. */
  look: () => unknown;
};

/** Fills the heap, runs an operation until it is refused, makes room and runs it again. */
function runFull(setup: Setup): Report {
  return inChild(
    (heap, source) => {
      heap.configure({ reserve: 32 * 2 ** 20, limit: 3 * 2 ** 20 });
      const before = heap.heap.stats().objects;
      const { run, look } = ((0, eval)(source) as Setup)(heap);
      // Everything that is left, in smaller and smaller pieces, a megabyte of it as one.
      const room = heap.BufferRef.alloc(2 ** 20);
      const fillers: { drop: () => void }[] = [];
      const fill = (make: () => { drop: () => void }): void => {
        try {
          for (;;) fillers.push(make());
        } catch (error) {
          if ((error as any).code !== 'ERR_HEAP_FULL') throw error;
        }
      };
      for (let size = 2 ** 18; size >= 16; size /= 2) fill(() => heap.BufferRef.alloc(size));
      fill(() => new heap.VectorRef());
      fill(() => new heap.NumberRef());

      let calls = 0;
      let code = 'nothing thrown';
      let isUnchanged = false;
      const failAt = 200_000;
      for (; calls < failAt; calls++) {
        const seen = JSON.stringify(look());
        const { objects } = heap.heap.stats();
        try {
          run(calls);
        } catch (error) {
          code = String((error as any).code ?? error);
          isUnchanged = JSON.stringify(look()) === seen && heap.heap.stats().objects === objects;
          break;
        }
      }
      const verify = heap.heap.verify().problems;
      room.drop();
      let worksAfterDrop = true;
      try {
        run(calls);
      } catch {
        worksAfterDrop = false;
      }
      fillers.forEach((filler) => filler.drop());
      const last = heap.heap.verify().problems;
      return {
        code,
        calls,
        isUnchanged,
        worksAfterDrop,
        objects: heap.heap.stats().objects - before,
        verify: verify.concat(last),
      };
    },
    [`(${setup.toString()})`],
  );
}

const operations: [string, Setup][] = [
  ['new StringRef', (heap) => ({ run: () => new heap.StringRef(), look: () => 0 })],
  ['new NumberRef', (heap) => ({ run: () => new heap.NumberRef(), look: () => 0 })],
  ['new MapRef', (heap) => ({ run: () => new heap.MapRef(), look: () => 0 })],
  ['new VectorRef', (heap) => ({ run: () => new heap.VectorRef(), look: () => 0 })],
  ['new BufferRef', (heap) => ({ run: () => new heap.BufferRef(), look: () => 0 })],
  [
    'StringRef.from',
    (heap) => ({ run: () => heap.StringRef.from('x'.repeat(5000)), look: () => 0 }),
  ],
  ['NumberRef.from', (heap) => ({ run: (i) => heap.NumberRef.from(i), look: () => 0 })],
  ['BufferRef.alloc', (heap) => ({ run: () => heap.BufferRef.alloc(1000), look: () => 0 })],
  [
    'BufferRef.from',
    (heap) => ({ run: () => heap.BufferRef.from(new Uint8Array(1000)), look: () => 0 }),
  ],
  [
    'MapRef.from',
    (heap) => {
      const kept = heap.StringRef.from('kept');
      return {
        run: () =>
          heap.MapRef.from(Array.from({ length: 700 }, (_, i) => [i, i % 9 ? i : kept] as const)),
        look: () => kept.retain().drop(),
      };
    },
  ],
  [
    'VectorRef.from',
    (heap) => ({
      run: () => heap.VectorRef.from(Array(3000).fill('text of some length')),
      look: () => 0,
    }),
  ],
  [
    'share',
    (heap) => ({
      run: () => heap.share({ a: Array(2000).fill({ b: ['texts of some length'] }) }),
      look: () => 0,
    }),
  ],
  [
    'named',
    (heap) => ({
      run: (i) => heap.StringRef.named(`name ${i}`, 'x'.repeat(3000)),
      look: () => heap.names.keys(),
    }),
  ],
  [
    'string.setValue',
    (heap) => {
      const ref = heap.StringRef.from('before');
      return { run: () => ref.setValue('x'.repeat(20_000)), look: () => ref.obtainValue() };
    },
  ],
  [
    'string.compareExchange',
    (heap) => {
      const ref = heap.StringRef.from('before');
      return {
        run: () => ref.compareExchange('before', 'x'.repeat(20_000)),
        look: () => ref.obtainValue(),
      };
    },
  ],
  [
    'map.set of many keys',
    (heap) => {
      const map = new heap.MapRef<number, number>();
      return {
        run: (i) => map.set(i, i),
        look: () => [map.size, map.get(0), map.size < 300 && [...map]],
      };
    },
  ],
  [
    'map.set of a long key',
    (heap) => {
      const map = heap.MapRef.from<any>({ a: 1 });
      return { run: (i) => map.set(`${i}`.padStart(9000), 1), look: () => map.size };
    },
  ],
  [
    'map.set of a long value',
    (heap) => {
      const map = heap.MapRef.from<any>({ a: 1 });
      return { run: (i) => map.set('a', `${i}`.padStart(9000)), look: () => map.obtainValue() };
    },
  ],
  [
    'map.set of a bigint',
    (heap) => {
      const map = heap.MapRef.from<any>({ a: 1 });
      return { run: () => map.set('a', 2n ** 100_000n), look: () => String(map.get('a')) };
    },
  ],
  [
    'map.setMany',
    (heap) => {
      const map = new heap.MapRef<number, string>();
      return { run: (i) => map.setMany([[i, 'x'.repeat(9000)]]), look: () => map.obtainValue() };
    },
  ],
  [
    'map.getOrInsert',
    (heap) => {
      const map = new heap.MapRef<number, string>();
      return { run: (i) => map.getOrInsert(i, 'x'.repeat(9000)), look: () => map.size };
    },
  ],
  [
    'map.getOrInsertComputed with a moved ref',
    (heap) => {
      const map = new heap.MapRef<number, any>();
      return {
        run: (i) => map.getOrInsertComputed(i, () => heap.StringRef.from('x').move()),
        look: () => map.size,
      };
    },
  ],
  [
    'map.update',
    (heap) => {
      const map = new heap.MapRef<number, string>();
      return { run: (i) => map.update(i, () => 'x'.repeat(9000)), look: () => map.obtainValue() };
    },
  ],
  [
    'map.update with a moved ref',
    (heap) => {
      const map = new heap.MapRef<number, any>();
      return {
        run: (i) => map.update(i, () => heap.StringRef.from('x').move()),
        look: () => map.size,
      };
    },
  ],
  [
    'queue.push',
    (heap) => {
      const queue = heap.QueueRef.withCapacity<string>(1000);
      return { run: () => queue.push('x'.repeat(9000)), look: () => queue.obtainValue() };
    },
  ],
  [
    'QueueRef.withCapacity',
    (heap) => ({ run: () => heap.QueueRef.withCapacity(1000), look: () => 0 }),
  ],
  [
    'struct.update',
    (heap) => {
      const Foo = new heap.StructFactory({ a: 'any', s: 'string', n: 'number' });
      const all = [Foo.new(), Foo.new(), Foo.new()];
      return {
        run: (i) => all[i % 3]!.update({ n: i, a: 'y'.repeat(9), s: 'x'.repeat(300_000 + i) }),
        look: () => all.map((struct) => struct.obtainValue()),
      };
    },
  ],
  [
    'map.add',
    (heap) => {
      const map = new heap.MapRef<number, number>();
      return { run: (i) => map.add(i, 1), look: () => map.size };
    },
  ],
  [
    'map.compareExchange',
    (heap) => {
      const map = new heap.MapRef<number, string>();
      return {
        run: (i) => map.compareExchange(i, undefined, 'x'.repeat(9000)),
        look: () => map.size,
      };
    },
  ],
  [
    'vector.push',
    (heap) => {
      const vector = new heap.VectorRef<number>();
      return {
        run: (i) => vector.push(i),
        look: () => [vector.length, vector.at(0), vector.at(-1)],
      };
    },
  ],
  [
    'vector.push of several texts',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2]);
      return { run: () => vector.push(3, 'x'.repeat(9000), 4), look: () => vector.obtainValue() };
    },
  ],
  [
    'vector.push of 3000',
    (heap) => {
      const kept = heap.StringRef.from('kept');
      const vector = heap.VectorRef.from<any>([1, 2]);
      return {
        run: () => vector.push(kept, ...Array(3000).fill(5)),
        look: () => [vector.obtainValue(), kept.obtainValue()],
      };
    },
  ],
  [
    'vector.unshift',
    (heap) => {
      const vector = new heap.VectorRef<number>();
      return {
        run: (i) => vector.unshift(i),
        look: () => [vector.length, vector.at(0), vector.at(-1)],
      };
    },
  ],
  [
    'vector.unshift of 3000',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2]);
      return {
        run: () => vector.unshift(...Array(3000).fill('a text of some length')),
        look: () => vector.obtainValue(),
      };
    },
  ],
  [
    'vector.splice',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2, 3]);
      return {
        run: () => vector.splice(1, 1, 'x'.repeat(9000), 'y'.repeat(9000)),
        look: () => vector.obtainValue(),
      };
    },
  ],
  [
    'vector.splice of 3000',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2, 3]);
      return {
        run: () => vector.splice(1, 1, ...Array(3000).fill('a text of some length')),
        look: () => vector.obtainValue(),
      };
    },
  ],
  [
    'vector.setAt',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2, 3]);
      return { run: () => vector.setAt(1, 'x'.repeat(9000)), look: () => vector.obtainValue() };
    },
  ],
  [
    'vector.fill',
    (heap) => {
      const vector = heap.VectorRef.from<any>(Array(50).fill(1));
      return { run: () => vector.fill('x'.repeat(3000)), look: () => vector.obtainValue() };
    },
  ],
  [
    'factory.new',
    (heap) => {
      const Foo = new heap.StructFactory({ n: 'number', s: 'string' });
      return { run: () => Foo.new({ n: 1, s: 'x'.repeat(5000) }), look: () => 0 };
    },
  ],
  [
    'factory.newMany',
    (heap) => {
      const Foo = new heap.StructFactory({ n: 'number', r: 'ref' });
      const ref = heap.StringRef.from('kept');
      return {
        run: () => Foo.newMany(Array(5000).fill({ n: 1, r: ref })),
        look: () => ref.obtainValue(),
      };
    },
  ],
  [
    'struct.setKey',
    (heap) => {
      const foo = new heap.StructFactory({ s: 'string', a: 'any' }).new({ s: 'before' });
      return {
        run: () => (foo.setKey('s', 'x'.repeat(9000)), (foo.a = 2n ** 100_000n)),
        look: () => foo.s.length,
      };
    },
  ],
  [
    'new StructFactory',
    (heap) => ({
      run: (i) => new heap.StructFactory({ [`${i}`.padStart(20_000)]: 'number' }),
      look: () => heap.heap.stats().shapes,
    }),
  ],
  [
    'names.set',
    (heap) => {
      const ref = heap.StringRef.from('x');
      return {
        run: (i) => heap.names.set(`${i}`.padStart(9000), ref),
        look: () => heap.names.keys().length,
      };
    },
  ],
];

test.each(operations)('%s', (name, setup) => {
  const report = runFull(setup);
  expect(report).toMatchObject({
    code: 'ERR_HEAP_FULL',
    isUnchanged: true,
    worksAfterDrop: true,
    verify: [],
  });
  expect(report.calls).toBeLessThan(200_000);
  // What the operation itself made in its successful calls is not dropped here, but nothing else is left.
  if (/^(string|vector|map\.(set|setMany|add))/.test(name))
    expect(report.objects).toBeLessThanOrEqual(2);
});

test('reading, removing and counting work in a full heap', () => {
  const result = inChild((heap) => {
    heap.configure({ limit: 4 * 2 ** 20 });
    const map = heap.share({ list: [1, 2, 3], text: 'a text that is longer than words', n: 5 });
    const list = map.get('list') as unknown as InstanceType<Heap['VectorRef']>;
    const number = heap.NumberRef.from(1);
    const fillers: { drop: () => void }[] = [];
    for (let size = 2 ** 20; size >= 16; size /= 2) {
      try {
        for (;;) fillers.push(heap.BufferRef.alloc(size));
      } catch {
        // full
      }
    }
    const seen = [
      map.obtainValue(),
      JSON.stringify(map),
      [...list],
      list.slice(1),
      list.indexOf(3),
      list.sort((a: any, b: any) => b - a).obtainValue(),
      list.reverse().obtainValue(),
      map.getMany(['n']),
      map.add('n', 1),
      map.take('n'),
      list.pop(),
      map.delete('text'),
      number.add(1),
      heap.names.keys(),
      heap.heap.verify().ok,
    ];
    heap.heap.trim();
    return seen;
  }, []);
  const data = { list: [1, 2, 3], text: 'a text that is longer than words', n: 5 };
  expect(result).toEqual([
    data,
    JSON.stringify(data),
    [1, 2, 3],
    [2, 3],
    2,
    [3, 2, 1],
    [1, 2, 3],
    [5],
    5,
    6,
    3,
    true,
    1,
    [],
    true,
  ]);
});

test('a limit below what the heap itself needs refuses everything, without a crash', () => {
  const codes = inChild((heap) => {
    heap.configure({ limit: 1 });
    const tries: (() => unknown)[] = [
      () => new heap.NumberRef(),
      () => heap.StringRef.from('x'.repeat(99)),
      () => heap.share([1]),
      () => heap.BufferRef.alloc(5000),
      () => new heap.StructFactory({ a: 'any' }).new(),
    ];
    return tries.map((each) => {
      try {
        each();
        return 'made';
      } catch (error) {
        return (error as any).code;
      }
    });
  }, []);
  expect(codes.filter((code) => code !== 'made' && code !== 'ERR_HEAP_FULL')).toEqual([]);
  expect(codes[3]).toBe('ERR_HEAP_FULL');
});

test('dropping and filling again, a hundred times', () => {
  const result = inChild((heap) => {
    heap.configure({ reserve: 32 * 2 ** 20, limit: 4 * 2 ** 20 });
    const rounds: number[] = [];
    for (let round = 0; round < 100; round++) {
      const refs: { drop: () => void }[] = [];
      const size = 16 << (round % 12);
      try {
        for (;;)
          refs.push(round % 2 ? heap.BufferRef.alloc(size) : heap.StringRef.from('x'.repeat(size)));
      } catch (error) {
        if ((error as any).code !== 'ERR_HEAP_FULL') throw error;
      }
      rounds.push(refs.length * size);
      refs.forEach((ref) => ref.drop());
    }
    return {
      least: Math.min(...rounds),
      ok: heap.heap.verify().ok,
      objects: heap.heap.stats().objects,
    };
  }, []);
  // 16 characters take 64 bytes in all; what rounds before have left in pieces must not count.
  expect(result.least).toBeGreaterThan(2 ** 19);
  expect(result.ok).toBe(true);
});
