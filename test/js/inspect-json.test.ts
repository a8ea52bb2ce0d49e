// What console.log, JSON.stringify, postMessage and spread make of refs.
import { inspect } from 'node:util';
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

checkHeap();

const Point = new StructFactory({ x: 'number', label: 'string', next: 'ref' });

function oneOfEach(): Ref[] {
  return [
    StringRef.from('t'),
    NumberRef.from(1),
    MapRef.from({ a: 1 }),
    VectorRef.from([1]),
    Point.new({ x: 1 }),
    BufferRef.from(Uint8Array.of(1)),
  ].map(own);
}

describe('inspect', () => {
  test('texts and numbers show their id', () => {
    const text = own(StringRef.from('secret'));
    const number = own(NumberRef.from(1));
    expect(inspect(text)).toBe(`StringRef { id: ${text.id} }`);
    expect(inspect(number)).toBe(`NumberRef { id: ${number.id} }`);
  });

  test('containers show id, size and contents', () => {
    const map = own(MapRef.from<any>({ a: 1, b: 'two' }));
    expect(inspect(map)).toBe(`MapRef(2) { id: ${map.id}, 'a' => 1, 'b' => 'two' }`);
    const vector = own(VectorRef.from([1, 'x', null]));
    expect(inspect(vector)).toBe(`VectorRef(3) { id: ${vector.id}, 1, 'x', null }`);
    const empty = own(new MapRef());
    expect(inspect(empty)).toBe(`MapRef(0) { id: ${empty.id} }`);
    const point = own(Point.new({ x: 1, label: 'p' }));
    expect(inspect(point)).toBe(`StructRef { id: ${point.id}, x: 1, label: 'p', next: null }`);
    const bytes = own(BufferRef.from(Uint8Array.of(1, 255)));
    expect(inspect(bytes)).toBe(`BufferRef(2) { id: ${bytes.id}, <01 ff> }`);
  });

  test('contents to the depth asked for', () => {
    const ref = own(share({ a: { b: { c: { d: 1 } } } }));
    expect(inspect(ref, { depth: 0 })).toContain('[MapRef]');
    expect(inspect(ref, { depth: 0 })).not.toContain("'b'");
    expect(inspect(ref, { depth: 1 })).toContain("'b' => [MapRef]");
    expect(inspect(ref, { depth: null })).toContain("'d' => 1");
    expect(inspect(ref)).toContain("'c' => [MapRef]");
  });

  test('refs inside show as refs', () => {
    const text = own(StringRef.from('t'));
    const map = own(MapRef.from({ text }));
    expect(inspect(map)).toBe(
      `MapRef(1) { id: ${map.id}, 'text' => StringRef { id: ${text.id} } }`,
    );
    expect(inspect([map])).toContain(`MapRef(1) { id: ${map.id}`);
    expect(inspect({ deep: { deeper: { map } } })).toContain('[MapRef]');
  });

  test('no more items than maxArrayLength', () => {
    const vector = own(VectorRef.from(Array.from({ length: 5000 }, (_, i) => i)));
    expect(inspect(vector)).toContain('4900 more items');
    expect(inspect(vector, { maxArrayLength: 1 })).toMatch(/\(5000\) {[^]*0,[^]*4999 more items/);
    expect(inspect(vector, { maxArrayLength: 0 })).toContain('5000 more items');
    expect(inspect(vector, { maxArrayLength: null })).toContain('4999');
    const map = own(MapRef.from(Array.from({ length: 101 }, (_, i) => [i, i] as const)));
    expect(inspect(map)).toContain('1 more item');
    expect(inspect(map)).not.toContain('1 more items');
    expect(inspect(own(BufferRef.alloc(100)))).toContain('50 more bytes');
    expect(inspect(own(BufferRef.alloc(200_000)))).toContain('199950 more bytes');
  });

  test('cycles', () => {
    const vector = own(new VectorRef());
    vector.push(vector);
    expect(inspect(vector)).toBe(
      `VectorRef(1) { id: ${vector.id}, [Circular VectorRef ${vector.id}] }`,
    );
    vector.clear();
  });

  test('dead, finished and moved refs', () => {
    for (const ref of oneOfEach()) {
      const other = ref.retain();
      const finished = ref.retain();
      finished.drop();
      // The object is still there: a finished ref still shows it.
      expect(inspect(finished)).toContain(`id: ${ref.id}`);
      other.drop();
      ref.drop();
      const isValue = ref instanceof StringRef || ref instanceof NumberRef;
      const name = ref.constructor.name;
      expect(inspect(other)).toBe(`${name} { id: ${ref.id}${isValue ? '' : ', dead'} }`);
    }
  });

  test('with colors, and long contents on several lines', () => {
    const map = own(MapRef.from({ a: 1 }));
    expect(inspect(map, { colors: true })).toContain(`\u001b[33m${map.id}\u001b[39m`);
    const long = own(VectorRef.from(Array.from({ length: 10 }, (_, i) => `element number ${i}`)));
    const lines = inspect(long).split('\n');
    expect(lines).toHaveLength(13);
    expect(lines[0]).toBe('VectorRef(10) {');
    expect(lines.at(-1)).toBe('}');
  });

  test('never throws, whatever the options', () => {
    for (const ref of oneOfEach()) {
      for (const depth of [null, 0, 1, Infinity, -1]) {
        for (const maxArrayLength of [null, 0, 1, Infinity]) {
          expect(inspect(ref, { depth, maxArrayLength, breakLength: 1 })).toContain('Ref');
        }
      }
    }
  });
});

describe('JSON', () => {
  test('texts and numbers are their values', () => {
    expect(JSON.stringify(own(StringRef.from('a"\ud800')))).toBe(JSON.stringify('a"\ud800'));
    expect(JSON.stringify(own(NumberRef.from(1.5)))).toBe('1.5');
    expect(JSON.stringify(own(NumberRef.from(NaN)))).toBe('null');
  });

  test('maps with string keys and structs are objects, other maps pairs, vectors arrays', () => {
    const rows: [Ref, unknown][] = [
      [MapRef.from({ a: 1 }), { a: 1 }],
      [MapRef.from([['a', 1]]), { a: 1 }],
      [
        MapRef.from<any, any>([
          ['a', 1],
          [2, 3],
        ]),
        [
          ['a', 1],
          [2, 3],
        ],
      ],
      [new MapRef(), {}],
      [VectorRef.from([1, 'x', null, undefined]), [1, 'x', null, null]],
      [Point.new({ x: 2 }), { x: 2, label: '', next: null }],
      [BufferRef.from(Uint8Array.of(1, 2)), [1, 2]],
    ];
    for (const [ref, expected] of rows) {
      expect(JSON.parse(JSON.stringify(own(ref)))).toEqual(expected);
    }
  });

  test('nested, as plain data would be', () => {
    const value = { a: [1, { b: 'x' }], c: { d: [] }, e: null };
    expect(JSON.stringify(own(share(value)))).toBe(JSON.stringify(value));
    expect(JSON.stringify({ ref: own(share(value)) })).toBe(JSON.stringify({ ref: value }));
    const bytes = own(share({ b: Uint8Array.of(7) }));
    expect(JSON.stringify(bytes)).toBe('{"b":[7]}');
  });

  test('__proto__ keys', () => {
    const map = own(MapRef.from(new Map([['__proto__', 1]])));
    expect(JSON.stringify(map)).toBe('{"__proto__":1}');
  });

  test('cycles and bigints throw as JSON does', () => {
    const vector = own(new VectorRef());
    vector.push(vector);
    expect(() => JSON.stringify(vector)).toThrow(TypeError);
    expect(() => JSON.stringify(vector)).toThrow(/circular/i);
    vector.clear();
    expect(() => JSON.stringify(own(MapRef.from({ a: 1n })))).toThrow(/BigInt/);
  });

  test('of a dead or finished ref throws', () => {
    for (const ref of oneOfEach()) {
      ref.drop();
      blocked(() => JSON.stringify(ref), 'ERR_USE_AFTER_FREE');
    }
  });
});

describe('only the id travels', () => {
  test('spread and keys', () => {
    for (const ref of oneOfEach()) {
      // eslint-disable-next-line @typescript-eslint/no-misused-spread -- what it gives is the point
      expect({ ...ref }).toEqual({ id: ref.id });
      expect(Object.keys(ref)).toEqual(['id']);
    }
  });

  test('structuredClone, as postMessage does it', () => {
    for (const ref of oneOfEach()) {
      const received: unknown = structuredClone(ref);
      expect(received).toEqual({ id: ref.id });
      const attached = new (ref.constructor as new (id: unknown) => Ref)(received);
      expect(attached.equals(ref)).toBe(true);
    }
  });
});
