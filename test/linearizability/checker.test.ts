// The checker itself: small histories by hand, of which it is plain what they are.
import type { History, Operation } from './checker';
import { check, checkParts } from './checker';
import { entryModel, mapModel, numberModel, vectorModel } from './models';

/** `[call, return, method, arguments, result]`. */
type Line = [call: number, end: number, method: string, args: unknown[], result: unknown];

const history = (...threads: Line[][]): History =>
  threads.map((lines) =>
    lines.map(([call, end, method, args, result]) => ({ call, return: end, method, args, result })),
  );

const partOf = ({ args }: Operation) => args[0];

describe('linearizable', () => {
  test.each([
    ['nothing at all', history([], [])],
    ['one after the other', history([[0, 1, 'add', [1], 0]], [[2, 3, 'add', [1], 1]])],
    ['overlapping, in either order', history([[0, 9, 'add', [1], 1]], [[5, 6, 'add', [1], 0]])],
    [
      'one long operation before many short ones',
      history(
        [[0, 99, 'exchange', [7], 0]],
        [
          [1, 2, 'add', [1], 7],
          [3, 4, 'add', [1], 8],
          [5, 6, 'compareExchange', [9, 0], 9],
        ],
      ),
    ],
    ['touching in one moment', history([[0, 5, 'add', [1], 1]], [[5, 6, 'add', [1], 0]])],
  ])('%s', (_, numbers) => {
    expect(check(numberModel, numbers)).toMatchObject({ linearizable: true, stuck: [] });
  });

  test('a search that has to go back', () => {
    // That the first pop gave 2 shows only after it: the push of 2 was the last one.
    const verdict = check(
      vectorModel,
      history(
        [[0, 9, 'push', [1], 1]],
        [[0, 9, 'push', [2], 2]],
        [
          [0, 9, 'push', [3], 3],
          [10, 11, 'pop', [], 3],
          [12, 13, 'pop', [], 2],
          [14, 15, 'pop', [], 1],
          [16, 17, 'pop', [], undefined],
        ],
      ),
    );
    expect(verdict).toMatchObject({ linearizable: true, overlaps: 3 });
  });
});

describe('not linearizable', () => {
  test('a lost increment', () => {
    const lost = history([[0, 9, 'add', [1], 0]], [[1, 8, 'add', [1], 0]]);
    const verdict = check(numberModel, lost);
    expect(verdict.linearizable).toBe(false);
    expect(verdict.stuck[0]).toMatch(/^add\(1\) = 0 /);
    expect(verdict.stuck.at(-1)).toBe('state 1, 1 of 2 operations done');
  });

  test('a read of what was replaced before it was called', () => {
    const stale = history(
      [
        [0, 1, 'set', ['a', 1], 'this'],
        [2, 3, 'set', ['a', 2], 'this'],
      ],
      [[4, 5, 'get', ['a'], 1]],
    );
    expect(checkParts(entryModel, stale, partOf).linearizable).toBe(false);
    expect(check(mapModel, stale).linearizable).toBe(false);
  });

  test('a value that went back', () => {
    const back = history(
      [[0, 9, 'set', ['a', 1], 'this']],
      [
        [1, 2, 'get', ['a'], 1],
        [3, 4, 'get', ['a'], undefined],
      ],
    );
    expect(checkParts(entryModel, back, partOf).linearizable).toBe(false);
  });

  test('an order that two threads saw differently', () => {
    const orders = history(
      [[0, 9, 'push', [1], 1]],
      [[0, 9, 'push', [2], 2]],
      [[10, 11, 'index', [0], 1]],
      [[10, 11, 'index', [0], 2]],
    );
    expect(check(vectorModel, orders).linearizable).toBe(false);
  });

  test('an element that came out twice, one that came from nowhere, one that was lost', () => {
    const push: Line = [0, 1, 'push', [1], 1];
    const twice = history([push], [[2, 9, 'pop', [], 1]], [[2, 9, 'shift', [], 1]]);
    const nowhere = history([push], [[2, 9, 'pop', [], 3]]);
    const lost = history([push], [[2, 9, 'pop', [], undefined]]);
    for (const wrong of [twice, nowhere, lost])
      expect(check(vectorModel, wrong).linearizable).toBe(false);
  });

  test('two keys, each right by itself, but not together', () => {
    // Whoever clears sees a before b gone: each key's history is fine, the map's is not.
    const apart = history(
      [
        [0, 1, 'set', ['a', 1], 'this'],
        [2, 3, 'set', ['b', 1], 'this'],
        [4, 9, 'clear', [], undefined],
      ],
      [
        [5, 6, 'get', ['a'], undefined],
        [7, 8, 'get', ['b'], 1],
      ],
    );
    expect(check(mapModel, apart).linearizable).toBe(false);
  });
});

test('a method that the model has not is an error, not a verdict', () => {
  expect(() => check(numberModel, history([[0, 1, 'swap', [], 0]]))).toThrow('no swap');
});
