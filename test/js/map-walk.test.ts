// Iteration over a MapRef while the map is changed: what a Map does is what a MapRef must do.
import { MapRef } from 'shared-heap';
import { blocked, checkHeap, own } from './support';

checkHeap();

interface MapLike {
  size: number;
  get(key: number): number | undefined;
  set(key: number, value: number): unknown;
  delete(key: number): boolean;
  clear(): void;
  forEach(callback: (value: number, key: number) => void): void;
  entries(): Iterator<[number, number]> & Iterable<[number, number]>;
}

/** What a script says about a map of n entries, the same for both. */
function expectSame(n: number, script: (map: MapLike) => unknown): void {
  const entries = Array.from({ length: n }, (_, i) => [i, i * 10] as [number, number]);
  const map = own(MapRef.from(entries));
  const model = new Map(entries);
  expect(script(map)).toEqual(script(model));
  expect([...map]).toEqual([...model]);
}

/** Everything visited, `change` being called after each entry; at most `most` entries. */
function visit(
  map: MapLike,
  most: number,
  change: (key: number, seen: number) => void,
): number[][] {
  const seen: number[][] = [];
  for (const [key, value] of map.entries()) {
    seen.push([key, value]);
    if (seen.length >= most) break;
    change(key, seen.length);
  }
  return seen;
}

const sizes = [0, 1, 2, 7, 8, 9, 100, 511, 512, 513, 1025, 3000];

describe.each(sizes)('a map of %i entries, changed while iterated over', (n) => {
  const most = n * 2 + 100;

  test('each entry deletes itself', () => {
    expectSame(n, (map) => visit(map, most, (key) => map.delete(key)));
  });

  test('each entry deletes the next', () => {
    expectSame(n, (map) => visit(map, most, (key) => map.delete(key + 1)));
  });

  test('each entry deletes the one before', () => {
    expectSame(n, (map) => visit(map, most, (key) => map.delete(key - 1)));
  });

  test('each entry moves itself to the end, until the limit', () => {
    expectSame(n, (map) =>
      visit(map, most, (key) => {
        map.delete(key);
        map.set(key, key + 1);
      }),
    );
  });

  test('each entry adds another, until the limit', () => {
    expectSame(n, (map) => visit(map, most, (key) => map.set(100_000 + key, key)));
  });

  test('values set ahead are seen', () => {
    expectSame(n, (map) => visit(map, most, (key) => map.set(Math.min(key + 3, n), -key)));
  });

  test('everything is cleared on the way and filled again', () => {
    expectSame(n, (map) =>
      visit(map, most, (_, seen) => {
        if (seen !== Math.ceil(n / 2)) return;
        map.clear();
        for (let i = 0; i < 20; i++) map.set(i * 2, i);
      }),
    );
  });

  test('most is deleted on the way, so that the table is rebuilt', () => {
    expectSame(n, (map) =>
      visit(map, most, (key, seen) => {
        if (seen !== Math.ceil(n / 3)) return;
        for (let i = 0; i < n; i++) if (i % 10 !== 0 && i !== key) map.delete(i);
        for (let i = 0; i < n; i++) map.set(50_000 + i, i);
      }),
    );
  });

  test('forEach calls back as that of a Map', () => {
    expectSame(n, (map) => {
      const seen: number[][] = [];
      map.forEach((value, key) => {
        seen.push([key, value]);
        map.delete(key - 2);
        if (seen.length < most) map.set(key % 5, seen.length);
        if (seen.length % 4 === 0 && seen.length < most) map.set(70_000 + key, 1);
      });
      return seen;
    });
  });
});

test('two walks and changes between them', () => {
  expectSame(40, (map) => {
    const seen: unknown[] = [];
    const first = map.entries();
    const second = map.entries();
    for (let i = 0; i < 60; i++) {
      seen.push(first.next());
      if (i % 3 === 0) seen.push(second.next());
      if (i % 4 === 0) map.delete(i + 2);
      if (i % 5 === 0) map.set(1000 + i, i);
      if (i % 7 === 0) map.delete(i - 3);
    }
    return seen;
  });
});

test('a finished iterator stays finished', () => {
  const map = own(MapRef.from([[1, 1]]));
  const walk = map[Symbol.iterator]();
  expect([...walk]).toEqual([[1, 1]]);
  map.set(2, 2);
  expect(walk.next()).toEqual({ done: true, value: undefined });
});

test('an iterator left early does no harm', () => {
  const map = own(new MapRef<number, number>());
  for (let i = 0; i < 100; i++) {
    map.set(i, i);
    for (const [key] of map) {
      if (key >= 0) break;
    }
    const unfinished = map.keys();
    unfinished.next();
  }
  expect([...map.keys()]).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('forEach passes value, key, map and thisArg', () => {
  const map = own(MapRef.from({ a: 1 }));
  const context = {};
  const calls: unknown[][] = [];
  map.forEach(function (this: unknown, ...args: unknown[]) {
    calls.push([this, ...args]);
  }, context);
  expect(calls).toHaveLength(1);
  expect(calls[0]![0]).toBe(context);
  expect(calls[0]!.slice(1, 3)).toEqual([1, 'a']);
  expect(calls[0]![3]).toBe(map);
});

test('what the callback throws comes through, and the map can be walked again', () => {
  const map = own(MapRef.from({ a: 1, b: 2 }));
  const error = new Error('mine');
  expect(() =>
    map.forEach(() => {
      throw error;
    }),
  ).toThrow(error);
  expect([...map.keys()]).toEqual(['a', 'b']);
});

test('a map dropped while it is walked ends the walk with an error', () => {
  for (const n of [1, 8, 9, 2000]) {
    const map = MapRef.from(Array.from({ length: n }, (_, i) => [i, i] as const));
    const walk = map.entries();
    walk.next();
    map.drop();
    blocked(() => walk.next(), 'ERR_USE_AFTER_FREE');
  }
});

test('entries deleted in a reader of another ref of the same map', () => {
  const map = own(MapRef.from(Array.from({ length: 50 }, (_, i) => [i, i] as const)));
  const other = own(new MapRef<number, number>(map.id));
  const seen: number[] = [];
  for (const key of map.keys()) {
    seen.push(key);
    other.delete(key + 1);
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => i * 2));
});
