// Iterators are what built-in ones are; classes tell what they are; methods need their object.
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  share,
} from 'shared-heap';
import type { Ref } from 'shared-heap';
import { blocked, checkHeap, own } from './support';
import { subjects } from './support-methods';

checkHeap();

const entries = [
  ['a', 1],
  ['b', 2],
  ['c', 3],
] as const;

/** Each kind of iterator, beside the built-in one that it is like. */
const kinds: [string, () => Iterator<unknown>, () => Iterator<unknown>][] = [
  ['map.entries()', () => own(MapRef.from(entries)).entries(), () => new Map(entries).entries()],
  ['map.keys()', () => own(MapRef.from(entries)).keys(), () => new Map(entries).keys()],
  ['map.values()', () => own(MapRef.from(entries)).values(), () => new Map(entries).values()],
  [
    'map[Symbol.iterator]()',
    () => own(MapRef.from(entries))[Symbol.iterator](),
    () => new Map(entries)[Symbol.iterator](),
  ],
  [
    'vector[Symbol.iterator]()',
    () => own(VectorRef.from([1, 'x', null]))[Symbol.iterator](),
    () => [1, 'x', null][Symbol.iterator](),
  ],
];

const IteratorPrototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
);

describe.each(kinds)('%s', (_name, make, makeBuiltIn) => {
  test('steps as the built-in one does, and stays at its end', () => {
    const iterator = make();
    const builtIn = makeBuiltIn();
    for (let i = 0; i < 5; i++) expect(iterator.next()).toEqual(builtIn.next());
  });

  test('is iterable, and its own iterator', () => {
    const iterator = make() as IterableIterator<unknown>;
    expect(iterator[Symbol.iterator]()).toBe(iterator);
    iterator.next();
    expect([...iterator]).toHaveLength(2);
    expect([...iterator]).toEqual([]);
  });

  test('inherits from Iterator.prototype, with the helpers that the engine has', () => {
    const iterator = make();
    expect(Object.prototype.isPrototypeOf.call(IteratorPrototype, iterator)).toBe(true);
    expect(Object.keys(iterator)).toEqual([]);
    if (!('map' in IteratorPrototype)) return; // Node 20
    const mapped = (iterator as any).map((value: unknown) => [value]).take(2);
    expect([...mapped]).toEqual([...(makeBuiltIn() as any).map((v: unknown) => [v]).take(2)]);
  });

  test('ends with return(), and when a loop is left', () => {
    const iterator = make() as IterableIterator<unknown>;
    expect(iterator.next().done).toBe(false);
    expect(iterator.return!('given')).toEqual({ value: 'given', done: true });
    expect(iterator.next()).toEqual({ value: undefined, done: true });
    const left = make() as IterableIterator<unknown>;
    for (const value of left) {
      expect(value).toBeDefined();
      break;
    }
    expect(left.next()).toEqual({ value: undefined, done: true });
  });

  test('tells its name, and may be called with nothing else', () => {
    const iterator = make();
    expect(Object.prototype.toString.call(iterator)).toMatch(
      /^\[object (Map|Vector)Ref Iterator\]$/,
    );
    expect(() => iterator.next.call({} as never)).toThrow(TypeError);
  });
});

test('an iterator of a map that is dropped meanwhile throws once, and has ended', () => {
  const map = own(MapRef.from(entries));
  const iterator = map.keys();
  iterator.next();
  map.drop();
  blocked(() => iterator.next(), 'ERR_USE_AFTER_FREE');
  expect(iterator.next()).toEqual({ value: undefined, done: true });
});

const Point = new StructFactory({ x: 'number' });

test('classes have a Symbol.toStringTag', () => {
  const refs: [Ref, string][] = [
    [StringRef.from('a'), 'StringRef'],
    [NumberRef.from(1), 'NumberRef'],
    [new MapRef(), 'MapRef'],
    [new VectorRef(), 'VectorRef'],
    [Point.new(), 'StructRef'],
    [new BufferRef(), 'BufferRef'],
    [share({ a: 1 }), 'MapRef'],
  ];
  for (const [ref, name] of refs) {
    expect(Object.prototype.toString.call(own(ref))).toBe(`[object ${name}]`);
    expect(Object.keys(ref)).toEqual(['id']);
    class Inherited extends MapRef {}
    expect(Object.prototype.toString.call(own(new Inherited()))).toBe('[object MapRef]');
  }
});

describe.each(subjects)('methods of $name without their object', ({ make, methods }) => {
  test.each(methods.filter(({ key, isGetter }) => isGetter !== true && typeof key === 'string'))(
    '$key',
    async ({ key, parameters }) => {
      const ref = own(make()) as any;
      const args = parameters.map(([, good]) => good);
      for (const wrong of [undefined, null, 5, {}, { id: ref.id }, Object.create(ref)]) {
        const detached = () => ref[key].apply(wrong, args);
        if (!String(key).endsWith('Async')) blocked(detached, 'ERR_INVALID_ARG_TYPE');
        else await expect(detached).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
      }
      ownLeft(args);
    },
  );
});

/** Arguments of methods may be refs that nobody has taken. */
function ownLeft(args: unknown[]): void {
  for (const arg of args)
    if (typeof arg === 'object' && arg !== null && 'drop' in arg) own(arg as Ref);
}
