// Operations of many steps in a heap with ever more room, until they succeed: refused at each step,
// each time with nothing changed and nothing left behind.
import type { Heap } from './support';
import { inChild } from './support';

type Setup = (heap: Heap) => { run: () => unknown; look: () => unknown };

const operations: [string, Setup][] = [
  [
    'vector.push',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2]);
      const texts = Array.from({ length: 3000 }, (_, i) => `a text of some length ${i}`);
      return { run: () => vector.push(...texts), look: () => vector.obtainValue() };
    },
  ],
  [
    'vector.unshift',
    (heap) => {
      const vector = heap.VectorRef.from<any>([1, 2]);
      const texts = Array.from({ length: 3000 }, (_, i) => `a text of some length ${i}`);
      return { run: () => vector.unshift(...texts), look: () => vector.obtainValue() };
    },
  ],
  [
    'vector.splice with refs',
    (heap) => {
      const kept = heap.StringRef.from('kept');
      const vector = heap.VectorRef.from<any>([1, kept, 2]);
      const values = Array.from({ length: 3000 }, (_, i) => (i % 2 ? kept : `a long text ${i}`));
      return {
        run: () => vector.splice(1, 1, ...values),
        look: () => [vector.obtainValue(), kept.obtainValue()],
      };
    },
  ],
  [
    'VectorRef.from',
    (heap) => {
      const texts = Array.from({ length: 3000 }, (_, i) => `a text of some length ${i}`);
      return { run: () => heap.VectorRef.from(texts), look: () => 0 };
    },
  ],
  [
    'MapRef.from',
    (heap) => {
      const entries = Array.from(
        { length: 1500 },
        (_, i) => [`a key that is long ${i}`, i] as const,
      );
      return { run: () => heap.MapRef.from(entries), look: () => 0 };
    },
  ],
  [
    'share',
    (heap) => {
      const part = { text: 'a text of some length' };
      const value = Array.from({ length: 600 }, (_, i) => [part, { i, bytes: new Uint8Array(9) }]);
      return { run: () => heap.share({ value, again: value }), look: () => 0 };
    },
  ],
  [
    'factory.newMany',
    (heap) => {
      const Foo = new heap.StructFactory({ n: 'number', s: 'string' });
      const inits = Array.from({ length: 2000 }, (_, n) => ({
        n,
        s: `a text of some length ${n}`,
      }));
      return { run: () => Foo.newMany(inits), look: () => 0 };
    },
  ],
];

test.each(operations)('%s', (_, setup) => {
  const result = inChild(
    (heap, source) => {
      heap.configure({ reserve: 32 * 2 ** 20, limit: 3 * 2 ** 20 });
      const { run, look } = ((0, eval)(source) as Setup)(heap);
      const before = JSON.stringify(look());
      const fillers: { drop: () => void }[] = [];
      for (const size of [8192, 16]) {
        try {
          for (;;) fillers.push(heap.BufferRef.alloc(size));
        } catch {
          // full
        }
      }
      const problems: string[] = [];
      for (let refusals = 0; ;) {
        const { objects } = heap.heap.stats();
        try {
          run();
          return { refusals, problems: problems.concat(heap.heap.verify().problems) };
        } catch (error) {
          refusals += 1;
          if ((error as any).code !== 'ERR_HEAP_FULL') problems.push(String(error));
          if (JSON.stringify(look()) !== before) problems.push(`changed at refusal ${refusals}`);
          const left = heap.heap.stats().objects - objects;
          if (left !== 0) problems.push(`${left} objects left at refusal ${refusals}`);
        }
        const filler = fillers.shift();
        if (filler === undefined) return { refusals, problems: ['never succeeded'] };
        filler.drop();
      }
    },
    [`(${setup.toString()})`],
  );
  expect(result.problems).toEqual([]);
  expect(result.refusals).toBeGreaterThan(3);
});
