// VectorRef against Array: random operations, with the vector also changed by callbacks and while it
// is iterated over. What both return, and what both hold, must be the same.
import fc from 'fast-check';
import { VectorRef, heap } from 'shared-heap';

type Plain = undefined | null | boolean | number | string | bigint;

const value: fc.Arbitrary<Plain> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 20 }) },
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
      'NaN',
      0n,
      1n,
      -(2n ** 64n),
      'five!',
      'sixsix',
      '\ud800',
      '\udc00\ud800',
      'fifteen letters',
      'sixteen letters!',
      'a much longer text',
    ),
  },
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.double(),
  fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
);
const values = fc.array(value, { maxLength: 12 });
const index: fc.Arbitrary<any> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -30, max: 40 }) },
  fc.constantFrom(
    undefined,
    NaN,
    Infinity,
    -Infinity,
    1.5,
    -1.5,
    -0,
    '1',
    null,
    2 ** 32,
    -(2 ** 53),
  ),
);

/** Both kinds of list, as far as they are alike. */
type List = Plain[] & VectorRef<Plain>;
interface Op {
  text: string;
  step: (list: List) => unknown;
}
const op = (text: string, step: Op['step']): Op => ({ text, step });
const show = (...shown: unknown[]): string => fc.stringify(shown).slice(1, -1);
const asVector = (list: unknown): VectorRef<Plain> => list as VectorRef<Plain>;
const self = (list: List, result: unknown): unknown =>
  result === list || `not itself: ${typeof result}`;

const changes: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: values.map((v) => op(`push(${show(...v)})`, (list) => list.push(...v))) },
  values.map((v) => op(`unshift(${show(...v)})`, (list) => list.unshift(...v))),
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      op('pop()', (list) => list.pop()),
      op('shift()', (list) => list.shift()),
    ),
  },
  fc
    .tuple(index, index, values)
    .map(([a, b, v]) => op(`splice(${show(a, b, ...v)})`, (list) => list.splice(a, b, ...v))),
  index.map((a) => op(`splice(${show(a)})`, (list) => list.splice(a))),
  fc
    .tuple(value, index, index)
    .map(([v, a, b]) => op(`fill(${show(v, a, b)})`, (list) => self(list, list.fill(v, a, b)))),
  fc.constant(op('reverse()', (list) => self(list, list.reverse()))),
  fc.tuple(fc.integer({ min: 0, max: 30 }), value).map(([i, v]) =>
    op(`setAt(${show(i, v)})`, (list) => {
      if (i >= list.length) return 'out of range';
      if (Array.isArray(list)) list[i] = v;
      else asVector(list).setAt(i, v);
      return undefined;
    }),
  ),
  fc.integer({ min: -2, max: 30 }).map((i) =>
    op(`removeAt(${i})`, (list) => {
      if (!Array.isArray(list)) return asVector(list).removeAt(i);
      return i >= 0 && list.splice(i, 1).length === 1;
    }),
  ),
  fc.constant(op('sort()', (list) => self(list, list.sort()))),
  fc.integer({ min: 1, max: 5 }).map((n) =>
    op(`sort by ${n}`, (list) =>
      self(
        list,
        list.sort((a, b) => (String(a).length % n) - (String(b).length % n)),
      ),
    ),
  ),
  fc
    .integer({ min: 1000, max: 1200 })
    .map((n) => op(`push ${n}`, (list) => list.push(...Array.from({ length: n }, (_, i) => i)))),
  fc.constant(op('empty', (list) => list.splice(0, Infinity).length)),
);

const reads: fc.Arbitrary<Op> = fc.oneof(
  index.map((i) => op(`at(${show(i)})`, (list) => list.at(i))),
  fc.tuple(index, index).map(([a, b]) => op(`slice(${show(a, b)})`, (list) => list.slice(a, b))),
  fc
    .tuple(value, index)
    .map(([v, i]) =>
      op(`search(${show(v, i)})`, (list) => [
        list.includes(v, i),
        list.indexOf(v, i),
        list.lastIndexOf(v, i),
        list.includes(v),
        list.indexOf(v),
        list.lastIndexOf(v),
      ]),
    ),
  fc.constantFrom('', ',', ', ').map((s) => op(`join(${show(s)})`, (list) => list.join(s))),
  fc.constant(op('length', (list) => list.length)),
);

const callbacks = [
  'forEach',
  'map',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'reduce',
  'of',
] as const;

/** A loop whose body takes a step now and then. */
const loops: fc.Arbitrary<Op> = fc
  .tuple(
    fc.constantFrom(...callbacks),
    fc.integer({ min: 1, max: 6 }),
    fc.array(changes, { maxLength: 8 }),
  )
  .map(([method, every, inner]) =>
    op(`${method} each ${every}: [${inner.map(({ text }) => text).join('; ')}]`, (list) => {
      const seen: unknown[] = [];
      let next = 0;
      const visit = (...args: unknown[]): boolean => {
        seen.push(args);
        if (seen.length % every === 0 && next < inner.length) seen.push(inner[next++]!.step(list));
        return seen.length % 3 === 2 && seen.length > 20;
      };
      if (method === 'of') {
        for (const each of list) {
          visit(each);
          if (seen.length > 3000) break;
        }
        return seen;
      }
      const result: unknown =
        method === 'reduce'
          ? list.reduce<string>((text, v, i) => `${text}${String(visit(v, i))}`, '')
          : (list as any)[method]((v: Plain, i: number) => visit(v, i));
      // A callback may have left elements to an Array's map that it never came to.
      return [seen, Array.isArray(result) ? [...(result as unknown[])] : result];
    }),
  );

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: changes },
    { weight: 3, arbitrary: reads },
    { weight: 2, arbitrary: loops },
  ),
  { maxLength: 30, size: 'max' },
);

function expectSame(found: unknown, expected: unknown, text: string): void {
  const [a, b] = [fc.stringify(found), fc.stringify(expected)];
  if (a !== b) throw new Error(`${text}: the VectorRef gives ${a}, the Array ${b}`);
}

test('any sequence of operations', () => {
  const before = heap.stats().objects;
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), steps, (start, sequence) => {
      const vector = VectorRef.from(start);
      const model = [...start];
      try {
        sequence.forEach(({ text, step }, i) => {
          expectSame(step(vector as any), step(model as any), `step ${i}, ${text}`);
          if (vector.length !== model.length)
            throw new Error(`step ${i}, ${text}: length ${vector.length}, not ${model.length}`);
        });
        expectSame([...vector], model, 'at the end');
        expectSame(vector.obtainValue(), model, 'obtainValue');
      } finally {
        vector.drop();
      }
    }),
    { numRuns: 3000 },
  );
  expect(heap.stats().objects).toBe(before);
  expect(heap.verify()).toMatchObject({ ok: true, problems: [] });
});

test('texts of any length, through push, at and setAt', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', size: 'max', maxLength: 3000 }), { maxLength: 8 }),
      (texts) => {
        const vector = VectorRef.from(texts);
        try {
          texts.forEach((text, i) => vector.setAt(texts.length - 1 - i, text));
          expectSame(vector.obtainValue(), [...texts].reverse(), 'reversed');
          texts.forEach((text) => expect(vector.includes(text)).toBe(true));
        } finally {
          vector.drop();
        }
      },
    ),
    { numRuns: 300 },
  );
});
