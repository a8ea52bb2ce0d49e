// Fast calls (csrc/binding/fast_calls.cc): code that V8 has optimised gets the same results and
// errors as everybody else, whatever the arguments, and really makes fast calls.
import { join } from 'node:path';
import { addonFile, inChild, runNode } from './support';

type Case = [what: string, outcome: string, ordinaryCalls?: string[]];

interface Raw {
  ordinary: string;
  optimised: string;
  forged: string[];
  strange: string[];
  otherSeats: string[];
  few: string;
}

interface Report {
  fast: boolean;
  flatKeys: string[];
  maps: Case[];
  numbers: Case[];
  vectors: Case[];
  queues: Case[];
  claims: Case[];
  raw: Record<string, Raw>;
  problems: string[];
}

const fixture = join(__dirname, 'fixtures', 'fast-calls.cjs');
const report = (env: Record<string, string>): Report =>
  JSON.parse(runNode(['--allow-natives-syntax', fixture], env)) as Report;

describe('every kind of key, value and id', () => {
  let fast: Report;
  let slow: Report;
  beforeAll(() => {
    fast = report({ SHARED_HEAP_NO_VIEW: '0' });
    slow = report({ SHARED_HEAP_NO_VIEW: '1' });
  });

  test('gives what Node-API gives', () => {
    expect([fast.fast, slow.fast]).toEqual([true, false]);
    for (const group of ['maps', 'numbers', 'vectors', 'queues', 'claims'] as const) {
      const withoutCalls = (cases: Case[]): string[][] => cases.map(([a, b]) => [a, b]);
      expect(withoutCalls(fast[group])).toEqual(withoutCalls(slow[group]));
    }
    expect(fast.maps.length).toBeGreaterThan(300);
    expect([fast.problems, slow.problems]).toEqual([[], []]);
  });

  test('takes no ordinary call for flat latin1 strings and numbers', () => {
    const callsOf = new Map(fast.maps.map(([what, , calls]) => [what, calls]));
    for (const method of ['get', 'has', 'set', 'delete', 'add']) {
      for (const key of [...fast.flatKeys, 'zero', 'minusZero', 'fraction', 'nan', 'absentKey']) {
        expect([method, key, callsOf.get(`${method} key ${key}`)]).toEqual([method, key, []]);
      }
    }
    expect(callsOf.get('get key twoByte')).toEqual(['mapGet']);
    expect(callsOf.get('set value text')).toEqual(['mapSet']);
  });

  test('takes no ordinary call for numbers in queues, whether there is room for them or not', () => {
    const callsOf = new Map(fast.queues.map(([what, , calls]) => [what, calls]));
    for (const state of ['empty', 'room', 'full']) {
      for (const value of ['integer', 'minusZero', 'nan', 'infinity']) {
        expect([state, value, callsOf.get(`${state} ${value}`)]).toEqual([state, value, []]);
      }
    }
    expect(callsOf.get('room text')).toEqual(['queuePush', 'queuePop']);
    expect(callsOf.get('ended integer')).toEqual(['queuePush', 'queuePop']);
  });

  test("does nothing for forged ids, in other threads' names, and in code not optimised", () => {
    const nothing = '[ 0, NaN ]';
    expect(Object.keys(fast.raw)).toHaveLength(23);
    for (const [name, raw] of Object.entries(fast.raw)) {
      expect([name, raw.optimised]).not.toEqual([name, nothing]);
      const rest = [raw.ordinary, raw.few, ...raw.forged, ...raw.strange, ...raw.otherSeats];
      expect([name, ...new Set(rest)]).toEqual([name, nothing]);
    }
  });
});

test('an object that is dropped in the middle of a hot loop is gone for it at once', () => {
  const results = inChild(({ MapRef, NumberRef, VectorRef }) => {
    const keys = Array.from({ length: 1000 }, (_, i) => Buffer.from(`k${i}`).toString('latin1'));
    const dropAt = 150_000;
    const runLoop = (make: () => { drop: () => void; id: number }, step: any): unknown[] => {
      const owner = make();
      const ref = new (owner.constructor as any)(owner.id);
      for (let i = 0; i < 200_000; i++) {
        if (i === dropAt) owner.drop();
        try {
          step(ref, keys[i % 1000], i);
        } catch (error) {
          return [i - dropAt, (error as any).code];
        }
      }
      return ['no error'];
    };
    const map = (): any => MapRef.from(keys.map((key, i) => [key, i] as const));
    return [
      runLoop(map, (ref: any, key: string) => ref.get(key)),
      runLoop(map, (ref: any, key: string) => ref.has(key)),
      runLoop(map, (ref: any, key: string, i: number) => ref.set(key, i)),
      runLoop(map, (ref: any, key: string) => ref.add(key, 1)),
      runLoop(map, (ref: any, key: string) => ref.delete(key)),
      runLoop(
        () => NumberRef.from(1),
        (ref: any) => ref.add(1),
      ),
      runLoop(
        () => new VectorRef(),
        (ref: any, _key: string, i: number) => ref.push(i),
      ),
    ];
  }, []);
  expect(results).toEqual(Array(7).fill([0, 'ERR_USE_AFTER_FREE']));
});

test('a heap that is full in a hot loop', () => {
  const result = inChild(({ MapRef, heap, configure }) => {
    configure({ reserve: 64 * 2 ** 20, limit: 8 * 2 ** 20 });
    const map = new MapRef<string, number>();
    const keyOf = (i: number): string => Buffer.from(`key ${i}`).toString('latin1');
    let count = 0;
    let code = '';
    try {
      for (; count < 10_000_000; count++) map.set(keyOf(count), count);
    } catch (error) {
      code = (error as any).code;
    }
    let wrong = map.has(keyOf(count)) ? 1 : 0;
    for (let i = 0; i < count; i++) if (map.get(keyOf(i)) !== i) wrong++;
    const problems = heap.verify().problems.length;
    const isFull = map.size === count;
    for (let i = 0; i < count; i++) map.delete(keyOf(i));
    map.set(keyOf(count), count);
    return { code, isLarge: count > 50_000, wrong, problems, isFull, size: map.size };
  }, []);
  expect(result).toEqual({
    code: 'ERR_HEAP_FULL',
    isLarge: true,
    wrong: 0,
    problems: 0,
    isFull: true,
    size: 1,
  });
});

test('texts that a garbage collection moves between calls', () => {
  const different = inChild(
    ({ MapRef }) => {
      const { gc } = globalThis as unknown as { gc: (options: object) => void };
      const plain = new Map<string, number>();
      const map = new MapRef<string, number>();
      const keys: string[] = [];
      let differences = 0;
      for (let i = 0; i < 400_000; i++) {
        const key = Buffer.from(`key ${i % 5000} ${'x'.repeat(i % 13)}`).toString('latin1');
        keys[i % 5000] = key;
        if (i % 3 === 0) {
          plain.set(key, i);
          map.set(key, i);
        }
        const other = keys[(i * 7) % keys.length];
        if (other !== undefined && map.get(other) !== plain.get(other)) differences++;
        if (i % 20_000 === 0) gc({ type: i % 40_000 === 0 ? 'minor' : 'major' });
      }
      return [differences, map.size - plain.size, [...map].join() === [...plain].join()];
    },
    [],
    { flags: ['--expose-gc', '--stress-compaction'] },
  );
  expect(different).toEqual([0, 0, true]);
});

test('two environments of a thread have results of their own', () => {
  const printed = runNode(
    [
      '--allow-natives-syntax',
      '-e',
      `
    const load = () => { const m = { exports: {} }; process.dlopen(m, ${JSON.stringify(addonFile)}); return m.exports; };
    const [a, b] = [load(), load()];
    const id = a.numberNew(1);
    b.numberGet(id);
    const callerOf = ({ fast, fastResult }, seat) => {
      const { numberAdd } = fast;
      const call = new Function('numberAdd', 'return (seat, id) => { numberAdd(seat, id, 1); } // ' + fast.seat + ' ' + seat)(numberAdd);
      %PrepareFunctionForOptimization(call);
      call(seat, id);
      %OptimizeFunctionOnNextCall(call);
      return () => {
        a.fastResult.fill(0);
        b.fastResult.fill(0);
        call(seat, id);
        return [[...a.fastResult], [...b.fastResult]];
      };
    };
    console.log(JSON.stringify([
      callerOf(a, a.fast.seat)(), callerOf(b, b.fast.seat)(), callerOf(a, b.fast.seat)(), a.numberGet(id),
    ]));`,
    ],
    { SHARED_HEAP_NO_VIEW: '0' },
  );
  expect(JSON.parse(printed)).toEqual([
    [
      [1, 1],
      [0, 0],
    ],
    [
      [0, 0],
      [1, 2],
    ],
    [
      [0, 0],
      [1, 3],
    ],
    4,
  ]);
});
