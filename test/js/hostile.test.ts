// Callbacks, getters, iterators, conversions and proxies that throw, or drop or change the object at
// hand in the middle of a call: a result or an error, never another object's data, and a sound heap.
import { inspect } from 'node:util';
import { MapRef, NumberRef, StringRef, StructFactory, VectorRef, names, share } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { blocked, checkHeap, counts, expectSound, own, ownRefs, thrownBy } from './support';

checkHeap();

const mine = new Error('mine');
const boom = (): never => {
  throw mine;
};

/** Runs `act` once, at its first call. */
function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}

type MapCase = [string, (map: MapRef<any>, act: () => void) => unknown];
const mapCases: MapCase[] = [
  ['forEach', (map, act) => map.forEach(act)],
  [
    'entries',
    (map, act) => {
      for (const entry of map.entries()) act.call(entry);
    },
  ],
  [
    'keys',
    (map, act) => {
      for (const key of map.keys()) act.call(key);
    },
  ],
  [
    'values',
    (map, act) => {
      for (const value of map.values()) act.call(value);
    },
  ],
  ['getOrInsertComputed', (map, act) => map.getOrInsertComputed('new', () => (act(), 1))],
  [
    'getMany',
    (map, act) =>
      map.getMany(
        (function* () {
          yield 'a';
          act();
          yield 'b';
        })(),
      ),
  ],
  [
    'setMany of an iterator',
    (map, act) =>
      map.setMany(
        (function* () {
          yield ['x', 1];
          act();
          yield ['y', 2];
        })() as any,
      ),
  ],
  [
    'setMany of getters',
    (map, act) =>
      map.setMany({
        x: 1,
        get y() {
          act();
          return 2;
        },
      }),
  ],
  [
    'setMany of entries with getters',
    (map, act) =>
      map.setMany([
        {
          get 0() {
            act();
            return 'k';
          },
          1: 1,
        } as any,
      ]),
  ],
  [
    'setMany of a proxy',
    (map, act) =>
      map.setMany(new Proxy({ x: 1 }, { ownKeys: (target) => (act(), Reflect.ownKeys(target)) })),
  ],
];

type VectorCase = [string, (vector: VectorRef, act: () => void) => unknown];
const callbacks = [
  'forEach',
  'map',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
] as const;
const conversion = (act: () => void, to = 1): any => ({ valueOf: () => (act(), to) });
const vectorCases: VectorCase[] = [
  ...callbacks.map((method): VectorCase => [
    method,
    (vector, act) => vector[method](() => (act(), false)),
  ]),
  ['reduce', (vector, act) => vector.reduce((sum) => (act(), sum), 0)],
  ['sort', (vector, act) => vector.sort(() => (act(), 1))],
  [
    'for of',
    (vector, act) => {
      for (const value of vector) act.call(value);
    },
  ],
  ['at', (vector, act) => vector.at(conversion(act))],
  ['acquire', (vector, act) => ownRefs(vector.acquire(conversion(act)))],
  ['valueAt', (vector, act) => vector.valueAt(conversion(act))],
  ['slice', (vector, act) => vector.slice(conversion(act, 0), conversion(act, 9))],
  [
    'splice',
    (vector, act) => ownRefs(...vector.splice(conversion(act, 0), conversion(act, 2), 'new')),
  ],
  ['fill', (vector, act) => vector.fill('filled', conversion(act, 0), conversion(act, 3))],
  ['includes', (vector, act) => vector.includes('x', conversion(act))],
  ['indexOf', (vector, act) => vector.indexOf('x', conversion(act))],
  ['lastIndexOf', (vector, act) => vector.lastIndexOf('x', conversion(act))],
  ['join', (vector, act) => vector.join({ toString: () => (act(), '-') } as any)],
];

const refs = (): StringRef[] => ['a', 'b', 'c', 'd'].map((text) => StringRef.from(text));
const newMap = (): MapRef<any> =>
  MapRef.from(refs().map((ref) => [ref.obtainValue(), ref.move()] as const)) as MapRef<any>;
const newVector = (): VectorRef => VectorRef.from(refs().map((ref) => ref.move()));

describe.each(mapCases)('map.%s', (_, run) => {
  test('what is thrown comes through', () => {
    const map = own(newMap());
    expect(thrownBy(() => run(map, boom))).toBe(mine);
    expect([...map.keys()]).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the map dropped meanwhile', () => {
    const map = newMap();
    blocked(
      () =>
        run(
          map,
          once(() => map.drop()),
        ),
      'ERR_USE_AFTER_FREE',
    );
  });

  test('the map dropped meanwhile by its id, its slot used again', () => {
    const map = newMap();
    const successors: MapRef<string, number>[] = [];
    const act = once(() => {
      new MapRef(map.id).drop();
      for (let i = 0; i < 200; i++) successors.push(own(MapRef.from({ other: i })));
    });
    blocked(() => run(map, act), 'ERR_USE_AFTER_FREE');
    successors.forEach((other, i) => expect([...other]).toEqual([['other', i]]));
  });

  test('the map cleared, refilled and grown meanwhile', () => {
    for (const change of [
      (map: MapRef<any>) => map.clear(),
      (map: MapRef<any>) => map.clear() ?? map.set('z', 1),
      (map: MapRef<any>) => map.setMany(Array.from({ length: 2000 }, (_v, i) => [i, i])),
      (map: MapRef<any>) => ['a', 'b', 'c'].forEach((key) => map.delete(key)),
    ]) {
      const map = own(newMap());
      run(
        map,
        once(() => change(map)),
      );
      expect([...map].length).toBe(map.size);
      expectSound();
    }
  });
});

describe.each(vectorCases)('vector.%s', (name, run) => {
  test('what is thrown comes through', () => {
    const vector = own(newVector());
    expect(thrownBy(() => run(vector, boom))).toBe(mine);
    expect(vector.obtainValue()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the vector dropped meanwhile', () => {
    const vector = newVector();
    const act = once(() => vector.drop());
    // join converts its separator when it has the copy already.
    if (name === 'join') run(vector, act);
    else blocked(() => run(vector, act), 'ERR_USE_AFTER_FREE');
  });

  test('the vector dropped meanwhile, its slot used again', () => {
    const vector = newVector();
    const successors: VectorRef<number>[] = [];
    const act = once(() => {
      new VectorRef(vector.id).drop();
      for (let i = 0; i < 200; i++) successors.push(own(VectorRef.from([i, i])));
    });
    if (name === 'join') run(vector, act);
    else blocked(() => run(vector, act), 'ERR_USE_AFTER_FREE');
    successors.forEach((other, i) => expect([...other]).toEqual([i, i]));
  });

  test('the vector emptied, refilled, grown and turned round meanwhile', () => {
    for (const change of [
      (vector: VectorRef) => vector.clear(),
      (vector: VectorRef) => (vector.clear(), vector.push(1, 2)),
      (vector: VectorRef) => vector.push(...Array<number>(3000).fill(7)),
      (vector: VectorRef) => vector.unshift(...Array<number>(1500).fill(7)),
      (vector: VectorRef) => vector.reverse(),
      (vector: VectorRef) => ownRefs(vector.pop()),
    ]) {
      const vector = own(newVector());
      run(
        vector,
        once(() => change(vector)),
      );
      expect([...vector].length).toBe(vector.length);
      expectSound();
    }
  });
});

describe('structs', () => {
  const Foo = new StructFactory({ text: 'string', ref: 'ref', any: 'any' });

  test('getters of init that throw', () => {
    const init = {
      get text() {
        return boom();
      },
    };
    expect(thrownBy(() => Foo.new(init))).toBe(mine);
    expect(thrownBy(() => Foo.newMany([{}, init]))).toBe(mine);
    expect(thrownBy(() => Foo.named('n', init))).toBe(mine);
    expect(
      thrownBy(() =>
        Foo.newMany(
          (function* () {
            yield {};
            boom();
          })(),
        ),
      ),
    ).toBe(mine);
    expect(names.keys()).toEqual([]);
  });

  test('a getter of init that drops a ref read before', () => {
    const ref = StringRef.from('x');
    blocked(
      () =>
        Foo.new({
          ref,
          get any() {
            return (ref.drop(), 1);
          },
        }),
      'ERR_USE_AFTER_FREE',
    );
    const gone = StringRef.from('x');
    const inits = [
      { ref: gone },
      {
        get any() {
          return (new StringRef(gone.id).drop(), 1);
        },
      },
    ];
    blocked(() => Foo.newMany(inits), 'ERR_USE_AFTER_FREE');
  });

  test('a shape with getters and proxies', () => {
    expect(
      thrownBy(
        () =>
          new StructFactory({
            get a() {
              return boom();
            },
          } as any),
      ),
    ).toBe(mine);
    const proxy = new Proxy({}, { ownKeys: boom });
    expect(thrownBy(() => new StructFactory(proxy))).toBe(mine);
    const lying = new Proxy({ a: 'number' }, { get: () => 'string' });
    expect(own(new StructFactory(lying as any).new()).getKey('a')).toBe('');
  });

  test('a struct dropped between its fields', () => {
    const foo = Foo.new({ text: 'x' });
    foo.text = ((): string => (foo.drop(), 'y')).toString();
    foo.drop();
    blocked(() => (foo.text = 'z'), 'ERR_USE_AFTER_FREE');
  });
});

describe('sources of new containers', () => {
  test('iterators that throw at any place leave nothing behind', () => {
    for (const n of [0, 1, 600, 1500]) {
      const source = function* (): Generator<any> {
        for (let i = 0; i < n; i++) yield [i, i];
        boom();
      };
      expect(thrownBy(() => MapRef.from(source()))).toBe(mine);
      expect(thrownBy(() => VectorRef.from(source()))).toBe(mine);
      expect(thrownBy(() => VectorRef.named('v', source()))).toBe(mine);
      expect(thrownBy(() => own(new MapRef()).setMany(source()))).toBe(mine);
    }
  });

  test('an iterator that drops what it has given', () => {
    const ref = StringRef.from('x');
    const source = function* (): Generator<any> {
      yield ['a', ref];
      ref.drop();
      yield ['b', 1];
    };
    blocked(() => MapRef.from(source()), 'ERR_USE_AFTER_FREE');
    const moved = StringRef.from('x');
    blocked(
      () =>
        VectorRef.from(
          (function* () {
            yield moved.move();
            moved.drop();
          })(),
        ),
      'ERR_USE_AFTER_FREE',
    );
  });

  test('a Map whose methods lie', () => {
    const lying = new Map([['a', 1]]);
    lying.forEach = boom;
    Object.defineProperty(lying, Symbol.iterator, { value: boom });
    expect([...own(MapRef.from(lying))]).toEqual([['a', 1]]);
    expect(own(share({ lying })).obtainValue()).toEqual({ lying: new Map([['a', 1]]) });
  });

  test('a revoked proxy, and one that throws whatever is asked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const throwing = new Proxy(
      {},
      Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, boom])),
    );
    const map = own(new MapRef<any, any>());
    for (const value of [proxy, throwing] as any[]) {
      for (const run of [
        () => map.set('k', value),
        () => map.set(value, 1),
        () => map.get(value),
        () => map.setMany(value),
        () => MapRef.from(value),
        () => VectorRef.from(value),
        () => share(value),
        () => share([value]),
        () => new MapRef(value),
        () => StringRef.from(value),
        () => NumberRef.from(value),
        () => new StructFactory(value),
        () => names.set('n', value),
        () => map.forEach(value),
      ] as (() => unknown)[]) {
        expect(thrownBy(run)).toBeInstanceOf(Error);
      }
      expect(() => map.equals(value)).toThrow();
    }
    expect(map.size).toBe(0);
  });
});

test('move, drop or retain by a getter of the value at hand', () => {
  const map = own(new MapRef<any, any>());
  const ref = StringRef.from('x');
  map.setMany({
    a: ref.move(),
    get b() {
      return ref.retain().move();
    },
  });
  expect(counts(map.get('a') as Ref)).toEqual([0, 2]);
  const gone = StringRef.from('y').move();
  blocked(
    () =>
      map.setMany({
        c: gone,
        get d() {
          return (gone.drop(), 1);
        },
      }),
    'ERR_USE_AFTER_FREE',
  );
  expect([...map.keys()]).toEqual(['a', 'b']);
});

test('inspect with a stylize that throws, drops or changes', () => {
  const map = own(MapRef.from({ a: 1 }));
  for (const stylize of [boom, () => undefined as any, () => (map.delete('a'), 'x')]) {
    try {
      expect(typeof (map as any)[inspect.custom](2, { stylize })).toBe('string');
    } catch (error) {
      expect(error).toBe(mine);
    }
  }
  expect(inspect(map)).toBe(`MapRef(0) { id: ${map.id} }`);
});

test('JSON.stringify with a replacer that drops what comes next', () => {
  const map = MapRef.from({ a: 1 });
  const replacer = (key: string, value: unknown): unknown => {
    if (key === 'first') map.drop();
    return value;
  };
  blocked(() => JSON.stringify({ first: 1, map }, replacer), 'ERR_USE_AFTER_FREE');
});
