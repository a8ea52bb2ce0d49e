// Callbacks and loops that change the vector at hand: what an Array does is what a VectorRef must do.
import { VectorRef } from 'shared-heap';
import { blocked, checkHeap, chunkLengths, own, thrownBy } from './support';

checkHeap();

interface Arrayish extends Iterable<number> {
  readonly length: number;
  push(...values: number[]): number;
  pop(): number | undefined;
  shift(): number | undefined;
  unshift(...values: number[]): number;
  splice(start: number, count: number, ...values: number[]): number[];
  reverse(): unknown;
}
type Change = (list: Arrayish, index: number) => unknown;

const changes: [string, Change][] = [
  ['pushes', (list, i) => i < 20 && list.push(i)],
  ['pops', (list) => list.pop()],
  ['shifts', (list) => list.shift()],
  ['unshifts', (list, i) => i < 20 && list.unshift(-i)],
  ['removes ahead', (list, i) => list.splice(i + 1, 2)],
  ['removes behind', (list, i) => list.splice(Math.max(0, i - 3), 1)],
  ['replaces ahead', (list, i) => list.splice(i + 1, 1, -1)],
  ['reverses', (list, i) => i % 5 === 1 && list.reverse()],
  ['empties', (list, i) => i === 10 && list.splice(0, list.length)],
  [
    'empties and refills',
    (list, i) => i === 3 && (list.splice(0, list.length), list.push(7, 8, 9, 10, 11)),
  ],
];

const loops: [string, (list: any, change: (i: number) => void) => unknown][] = [
  [
    'for of',
    (list: Arrayish, change) => {
      const seen: number[] = [];
      for (const value of list) {
        if (seen.push(value) > 8000) break;
        change(seen.length - 1);
      }
      return seen;
    },
  ],
  ...(['forEach', 'map', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex'] as const).map(
    (method): [string, (list: any, change: (i: number) => void) => unknown] => [
      method,
      (list, change) => {
        const seen: unknown[] = [];
        const result: unknown = list[method]((value: unknown, i: number) => {
          seen.push([value, i]);
          change(i);
          return method === 'map' ? value : method === 'filter' && i % 2 === 0;
        });
        return [seen, Array.isArray(result) ? [...(result as unknown[])] : result];
      },
    ],
  ),
  [
    'reduce',
    (list: number[], change) =>
      list.reduce((text, value, i) => {
        change(i);
        return `${text},${value}`;
      }, ''),
  ],
];

describe.each(loops)('%s', (_, loop) => {
  test.each(changes)('while the body %s', (_name, change) => {
    for (const n of [0, 1, 2, 8, 9, 25, 1030]) {
      const array = Array.from({ length: n }, (_v, i) => i * 10);
      const vector = own(VectorRef.from(array));
      const expected = loop(array, (i) => change(array, i));
      expect(loop(vector, (i) => change(vector, i))).toEqual(expected);
      expect([...vector]).toEqual([...array]);
    }
  });
});

test('setAt by the body is seen by the loop', () => {
  for (const n of chunkLengths.filter((length) => length > 2)) {
    const vector = own(VectorRef.from(Array<number>(n).fill(0)));
    const seen: number[] = [];
    for (const value of vector) {
      seen.push(value);
      if (seen.length < n) vector.setAt(seen.length, seen.length);
      if (seen.length > 3000) break;
    }
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i));
  }
});

test('two refs of one vector, one changes while the other is walked', () => {
  const vector = own(VectorRef.from([1, 2, 3, 4]));
  const other = own(new VectorRef<number>(vector.id));
  const seen: number[] = [];
  for (const value of vector) {
    seen.push(value);
    if (value < 3) other.push(value + 10);
  }
  expect(seen).toEqual([1, 2, 3, 4, 11, 12]);
});

test('an iterator that has ended stays ended', () => {
  const vector = own(VectorRef.from([1]));
  const walk = vector[Symbol.iterator]();
  expect([...walk]).toEqual([1]);
  vector.push(2);
  expect(walk.next()).toEqual({ done: true, value: undefined });
});

test('a vector dropped in the middle ends every loop with an error', () => {
  for (const [name, loop] of loops) {
    for (const n of [1, 9, 2000]) {
      const vector = VectorRef.from(Array.from({ length: n }, (_, i) => i));
      let isDropped = false;
      const run = (): unknown =>
        loop(vector, () => {
          if (!isDropped) vector.drop();
          isDropped = true;
        });
      // A loop over one element need not look again.
      if (n === 1 && name !== 'for of') loop(vector, () => undefined);
      else blocked(run, 'ERR_USE_AFTER_FREE');
      if (vector.isAlive) vector.drop();
    }
  }
});

test('what a callback throws comes through unchanged', () => {
  const vector = own(VectorRef.from([3, 1, 2]));
  const mine = new Error('mine');
  const fail = (): never => {
    throw mine;
  };
  for (const [, loop] of loops) expect(thrownBy(() => loop(vector, fail))).toBe(mine);
  expect(thrownBy(() => vector.sort(fail))).toBe(mine);
  expect([...vector]).toEqual([3, 1, 2]);
});

describe('sort', () => {
  test('starts over if the function changes the vector, until it is at rest', () => {
    const vector = own(VectorRef.from([3, 1, 2]));
    let changes = 0;
    vector.sort((a, b) => {
      if (changes < 2) vector.push(0 - ++changes);
      return a - b;
    });
    expect([...vector].sort((a, b) => a - b)).toEqual([...vector]);
    expect([...vector]).toEqual([-2, -1, 1, 2, 3]);
  });

  test('gives up if the function changes the vector every time', () => {
    const vector = own(VectorRef.from([2, 1]));
    let calls = 0;
    const compare = (a: number, b: number): number => {
      calls += 1;
      vector.push(100 + calls);
      return a - b;
    };
    blocked(() => vector.sort(compare), 'ERR_CONFLICT', /3 tries/);
    expect([...vector].slice(0, 2)).toEqual([2, 1]);
  });

  test('of a vector that the function drops', () => {
    const vector = VectorRef.from([2, 1]);
    blocked(() => vector.sort(() => (vector.isAlive && vector.drop(), 1)), 'ERR_USE_AFTER_FREE');
  });
});
