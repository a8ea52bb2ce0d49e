// Every NaN bit pattern a user can make, through every door that takes numbers: what comes out is
// NaN, never another kind of value. Containers keep values as NaN-boxed words, so a pattern let in
// unchanged would be read as a text, a ref or a hole.
import { MapRef, NumberRef, StructFactory, VectorRef, share } from 'shared-heap';
import { checkHeap, native, own } from './support';

checkHeap();

const words = new BigUint64Array(1);
const doubles = new Float64Array(words.buffer);
const CANONICAL = 0x7ff8_0000_0000_0000n;

const bitsOf = (value: number): bigint => {
  doubles[0] = value;
  return words[0]!;
};

/** 65,536 NaNs: all 32 upper halves that a NaN can have, tags included, with 2,048 payloads each. */
function makePatterns(): Float64Array {
  const patterns = new BigUint64Array(65_536);
  let at = 0;
  for (const sign of [0x7ff0n, 0xfff0n]) {
    for (let top = 0n; top < 16n; top++) {
      for (let low = 1n; low <= 2048n; low++) {
        // Half of them look like slot indices, half like offsets or texts.
        const payload = low <= 1024n ? low : low * 0x1_2345_6789n;
        patterns[at++] = ((sign | top) << 48n) | (payload & 0xffff_ffff_ffffn);
      }
    }
  }
  return new Float64Array(patterns.buffer);
}

const patterns = makePatterns();
const pieces = Array.from({ length: 64 }, (_, i) =>
  Array.from(patterns.subarray(i * 1024, i * 1024 + 1024)),
);

test('the patterns are NaN, all different, and reach the addon as they are', () => {
  expect(new Set(new BigUint64Array(patterns.buffer)).size).toBe(65_536);
  expect(patterns.every(Number.isNaN)).toBe(true);
  // The engine hands them on unchanged: else these tests would show nothing.
  const kept = patterns.filter((value) => bitsOf(value) !== CANONICAL).length;
  expect(kept).toBeGreaterThan(60_000);
});

function expectAllNaN(values: Iterable<unknown>): void {
  let wrong = 0;
  for (const value of values) if (typeof value !== 'number' || !Number.isNaN(value)) wrong += 1;
  expect(wrong).toBe(0);
}

test('NumberRef', () => {
  const ref = own(NumberRef.from(0));
  let wrong = 0;
  const expectNaN = (): void => {
    if (bitsOf(ref.obtainValue()) !== CANONICAL) wrong += 1;
    ref.setValue(0);
  };
  for (const value of patterns) {
    ref.setValue(value);
    expectNaN();
    ref.add(value);
    expectNaN();
    ref.sub(value);
    expectNaN();
    ref.exchange(value);
    expectNaN();
    ref.compareExchange(0, value);
    if (!Number.isNaN(ref.compareExchange(value, 7)) || ref.obtainValue() !== 7) wrong += 1;
    ref.setValue(0);
  }
  expect(wrong).toBe(0);
  for (const value of patterns.filter((_, i) => i % 257 === 0)) {
    const made = NumberRef.from(value);
    expect(bitsOf(made.obtainValue())).toBe(CANONICAL);
    made.drop();
  }
});

test('values of maps', () => {
  const map = own(new MapRef<number, number>());
  pieces.forEach((piece) => {
    map.setMany(piece.map((value, i) => [i, value] as const));
    expectAllNaN(map.values());
    expectAllNaN(map.getMany(piece.keys()));
    map.clear();
    expectAllNaN(own(MapRef.from(piece.map((value, i) => [i, value] as const))).values());
  });
  for (const value of patterns) {
    map.set(1, value).set(3, 0);
    map.getOrInsert(2, value);
    map.compareExchange(1, value, 5); // NaN is NaN
    map.compareExchange(3, 0, value);
    map.add(4, value);
    map.getOrInsertComputed(6, () => value);
    if (map.take(1) !== 5) throw new Error(`${bitsOf(value).toString(16)} was not found`);
    if (map.size !== 4) throw new Error('not all are there');
    for (const stored of map.values()) if (!Number.isNaN(stored)) throw new Error('not NaN');
    map.clear();
  }
});

test('keys of maps: all are the one key NaN', () => {
  const map = own(new MapRef<number, number>());
  pieces.forEach((piece, i) => {
    map.setMany(piece.map((key) => [key, i] as const));
    expect(map.size).toBe(1);
  });
  for (const key of patterns) {
    if (!map.has(key) || map.get(key) !== 63) throw new Error(bitsOf(key).toString(16));
  }
  for (const key of patterns) {
    map.add(key, 1);
    if (map.take(key) !== 64) throw new Error(bitsOf(key).toString(16));
    map.set(key, 63);
    if (!map.delete(key)) throw new Error(bitsOf(key).toString(16));
    map.getOrInsert(key, 63);
  }
  expect([...map]).toEqual([[NaN, 63]]);
});

test('elements of vectors', () => {
  const vector = own(new VectorRef<number>());
  const checkAndClear = (n: number): void => {
    expect(vector.length).toBe(n);
    expectAllNaN(vector);
    expectAllNaN(vector.obtainValue());
    vector.clear();
  };
  for (const piece of pieces) {
    vector.push(...piece);
    checkAndClear(1024);
    vector.unshift(...piece);
    checkAndClear(1024);
    vector.push(1);
    vector.splice(0, 1, ...piece);
    checkAndClear(1024);
    vector.push(...Array<number>(1024).fill(0));
    piece.forEach((value, i) => vector.setAt(i, value));
    checkAndClear(1024);
    expectAllNaN(own(VectorRef.from(piece)));
    expectAllNaN(own(share(piece)));
  }
  vector.push(0, 0, 0);
  for (const value of patterns) {
    vector.fill(value);
    const at = vector.indexOf(value); // strict equality: NaN is nowhere
    if (!vector.includes(value) || at !== -1) throw new Error('not NaN');
    if (!Number.isNaN(vector.at(1))) throw new Error('not NaN');
  }
  expect(vector.sort((a, b) => a - b).obtainValue()).toEqual([NaN, NaN, NaN]);
});

test('fields of structs', () => {
  const Pair = new StructFactory({ number: 'number', any: 'any' });
  const struct = own(Pair.new());
  let wrong = 0;
  const check = ({ number, any }: { number: number; any: unknown }): void => {
    if (bitsOf(number) !== CANONICAL) wrong += 1;
    if (typeof any !== 'number' || !Number.isNaN(any)) wrong += 1;
  };
  for (const value of patterns) {
    struct.number = struct.any = value;
    check(struct);
    struct.number = struct.any = 0;
    struct.setKey('number', value);
    struct.setKey('any', value);
    check(struct.obtainValue());
  }
  for (const piece of pieces) {
    const made = Pair.newMany(piece.map((value) => ({ number: value, any: value })));
    made.forEach(check);
    made.forEach((each) => each.drop());
  }
  expect(wrong).toBe(0);
});

test('-0 stays -0 as a value, and is 0 as a key', () => {
  const map = own(MapRef.from([[-0, -0]]));
  expect(Object.is([...map.keys()][0], 0)).toBe(true);
  expect(Object.is(map.get(0), -0)).toBe(true);
  const vector = own(VectorRef.from([-0]));
  expect(Object.is(vector.at(0), -0)).toBe(true);
  expect(vector.fill(-0).obtainValue()).toEqual([-0]);
  const struct = own(new StructFactory({ n: 'number', a: 'any' }).new({ n: -0, a: -0 }));
  expect(struct.obtainValue()).toEqual({ n: -0, a: -0 });
  expect(bitsOf(native.numberGet(own(NumberRef.from(-0)).id))).toBe(1n << 63n);
});
