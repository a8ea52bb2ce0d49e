// MapRef against Map: random operations, with the map also changed while it is iterated over. What
// both return, and what both hold, must be the same. A failure prints its seed and a short example.
import fc from 'fast-check';
import { MapRef, heap } from 'shared-heap';

type Plain = undefined | null | boolean | number | string | bigint;

/** Few keys, so that they meet again; of every kind, with those that look alike. */
const key: fc.Arbitrary<Plain> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 20 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Plain[]>(
      undefined,
      null,
      true,
      false,
      0,
      -0,
      NaN,
      Infinity,
      '',
      '0',
      '1',
      'NaN',
      '__proto__',
      0n,
      1n,
      2n ** 64n,
      'five!',
      'sixsix',
      '\ud800',
      '\udc00\ud800',
      'fifteen letters',
      'sixteen letters!',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.bigInt() },
);

const value: fc.Arbitrary<Plain> = fc.oneof(
  key,
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
);

/** One step; it does the same to both kinds of map and tells what it saw. */
type Step = (map: MapLike) => unknown;
interface MapLike {
  readonly size: number;
  get(key: Plain): Plain;
  set(key: Plain, value: Plain): unknown;
  has(key: Plain): boolean;
  delete(key: Plain): boolean;
  clear(): void;
  keys(): Iterable<Plain>;
  values(): Iterable<Plain>;
  entries(): Iterable<[Plain, Plain]>;
  forEach(callback: (value: Plain, key: Plain) => void): void;
  [Symbol.iterator](): Iterator<[Plain, Plain]>;
}

interface Op {
  text: string;
  step: Step;
}
const op = (text: string, step: Step): Op => ({ text: text, step });
const show = (...values: unknown[]): string => fc.stringify(values).slice(1, -1);

const simple: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(key, value)
      .map(([k, v]) => op(`set(${show(k, v)})`, (map) => (map.set(k, v), map.size))),
  },
  { weight: 4, arbitrary: key.map((k) => op(`delete(${show(k)})`, (map) => map.delete(k))) },
  {
    weight: 2,
    arbitrary: key.map((k) => op(`get(${show(k)})`, (map) => [map.get(k), map.has(k)])),
  },
  { weight: 1, arbitrary: fc.constant(op('clear()', (map) => map.clear())) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 5, max: 80 }).map((n) =>
      op(`fill(${n})`, (map) => {
        for (let i = 0; i < n; i++) map.set(i + 100, i);
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 2, max: 9 }).map((n) =>
      op(`thin(${n})`, (map) => {
        for (const each of [...map.keys()].filter((_, i) => i % n)) map.delete(each);
      }),
    ),
  },
);

/** Walks the map and takes a step after each so many entries. */
function walk(
  map: MapLike,
  every: number,
  inner: readonly Op[],
  how: 'of' | 'forEach' | 'keys',
): unknown {
  const seen: unknown[] = [];
  let next = 0;
  const visit = (entry: unknown): boolean => {
    seen.push(entry);
    if (seen.length % every === 0 && next < inner.length) seen.push(inner[next++]!.step(map));
    return seen.length < 500;
  };
  if (how === 'forEach') map.forEach((v, k) => visit([k, v]));
  else for (const entry of how === 'of' ? map : map.keys()) if (!visit(entry)) break;
  return seen;
}

const iteration: fc.Arbitrary<Op> = fc
  .tuple(
    fc.integer({ min: 1, max: 12 }),
    fc.array(simple, { maxLength: 15 }),
    fc.constantFrom('of', 'forEach', 'keys'),
  )
  .map(([every, inner, how]) =>
    op(`${how} each ${every}: [${inner.map(({ text }) => text).join('; ')}]`, (map) =>
      walk(map, every, inner, how),
    ),
  );

/** Two walks of one map, their steps in turns with changes. */
const twoWalks: fc.Arbitrary<Op> = fc
  .array(fc.oneof(fc.constantFrom('a', 'b'), simple), { maxLength: 40 })
  .map((turns) =>
    op(
      `two walks: [${turns.map((turn) => (typeof turn === 'string' ? turn : turn.text)).join('; ')}]`,
      (map) => {
        const walks = { a: map[Symbol.iterator](), b: map[Symbol.iterator]() };
        return turns.map((turn) =>
          typeof turn === 'string' ? walks[turn].next() : turn.step(map),
        );
      },
    ),
  );

/** What a Map has not, said in terms of what it has. */
const compound: fc.Arbitrary<Op> = fc.oneof(
  fc.tuple(key, value).map(([k, v]) =>
    op(`getOrInsert(${show(k, v)})`, (map) => {
      if (map instanceof MapRef) return map.getOrInsert(k, v) as Plain;
      if (!map.has(k)) map.set(k, v);
      return map.get(k);
    }),
  ),
  fc.tuple(key, value).map(([k, v]) =>
    op(`getOrInsertComputed(${show(k, v)})`, (map) => {
      const compute = (given: Plain): Plain => (map.delete(1), map.set(2, given), v);
      if (map instanceof MapRef) return map.getOrInsertComputed(k, compute) as Plain;
      if (!map.has(k)) {
        const computed = compute(Object.is(k, -0) ? 0 : k);
        if (!map.has(k)) map.set(k, computed);
      }
      return map.get(k);
    }),
  ),
  key.map((k) =>
    op(`take(${show(k)})`, (map) => {
      if (map instanceof MapRef) return map.take(k) as Plain;
      const taken = map.get(k);
      map.delete(k);
      return taken;
    }),
  ),
  fc.tuple(key, fc.double()).map(([k, n]) =>
    op(`add(${show(k, n)})`, (map) => {
      const before = map.has(k) ? map.get(k) : 0;
      if (map instanceof MapRef) {
        if (typeof before === 'number') return map.add(k, n);
        expect(() => map.add(k, n)).toThrow(/./);
        return before;
      }
      if (typeof before === 'number') map.set(k, before + n);
      return before;
    }),
  ),
  fc.tuple(key, value, value).map(([k, expected, next]) =>
    op(`compareExchange(${show(k, expected, next)})`, (map) => {
      if (map instanceof MapRef) return map.compareExchange(k, expected, next) as Plain;
      const current = map.get(k);
      const isSame = current === expected || (current !== current && expected !== expected);
      if (!isSame) return current;
      map.set(k, next);
      return expected;
    }),
  ),
  fc.array(fc.tuple(key, value), { maxLength: 30 }).map((entries) =>
    op(`setMany(${show(entries)})`, (map) => {
      if (map instanceof MapRef) map.setMany(entries);
      else for (const [k, v] of entries) map.set(k, v);
    }),
  ),
  fc
    .array(key, { maxLength: 30 })
    .map((keys) =>
      op(`getMany(${show(keys)})`, (map) =>
        map instanceof MapRef ? (map.getMany(keys) as Plain[]) : keys.map((k) => map.get(k)),
      ),
    ),
);

const steps = fc.array(
  fc.oneof({ weight: 5, arbitrary: simple }, iteration, twoWalks, {
    weight: 2,
    arbitrary: compound,
  }),
  {
    maxLength: 40,
    size: 'max',
  },
);

/** Exact, so that -0 is not 0 and a lone surrogate is itself. */
function expectSame(found: unknown, expected: unknown, text: string): void {
  const [a, b] = [fc.stringify(found), fc.stringify(expected)];
  if (a !== b) throw new Error(`${text}: the MapRef gives ${a}, the Map ${b}`);
}

test('any sequence of operations', () => {
  const before = heap.stats().objects;
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 60 }), steps, (entries, sequence) => {
      const map = MapRef.from(entries);
      const model = new Map(entries);
      try {
        sequence.forEach(({ text, step }, i) => {
          expectSame(step(map), step(model), `step ${i}, ${text}`);
          expect(map.size).toBe(model.size);
        });
        expectSame([...map], [...model], 'at the end');
        expectSame(map.obtainValue(), model, 'obtainValue');
      } finally {
        map.drop();
      }
    }),
    { numRuns: 3000 },
  );
  expect(heap.stats().objects).toBe(before);
  expect(heap.verify()).toMatchObject({ ok: true, problems: [] });
});

test('an object, through MapRef.from and obtainValue', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), value, { maxKeys: 600 }), (object) => {
      const map = MapRef.from<Plain>(object);
      try {
        const copy = map.obtainValue() as object;
        expectSame(Object.entries(copy), Object.entries(object), 'entries');
        expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
      } finally {
        map.drop();
      }
    }),
    { numRuns: 300 },
  );
});
