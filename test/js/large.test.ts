// Texts, keys and names of 2^24 code units, and bigints as large as the engine makes them.
import { MapRef, StringRef, StructFactory, VectorRef, names, share } from 'shared-heap';
import { blocked, checkHeap, counts, liveBytes, own } from './support';

checkHeap();

const LENGTH = 2 ** 24;
const big: [string, string][] = [
  ['latin1', 'x'.repeat(LENGTH)],
  ['UTF-16', '\u20ac'.repeat(LENGTH)],
  ['latin1 but for a lone surrogate at the end', 'x'.repeat(LENGTH - 1) + '\ud800'],
];

describe.each(big)('2^24 units of %s', (_, text) => {
  const almost = text.slice(0, -1) + '!';

  test('as StringRef', () => {
    const ref = own(StringRef.from(text));
    expect(ref.length).toBe(LENGTH);
    expect(ref.obtainValue() === text).toBe(true);
    ref.setValue('');
    ref.setValue(text);
    expect(ref.compareExchange(almost, 'no') === text).toBe(true);
    expect(ref.compareExchange(text, 'yes') === text).toBe(true);
    expect(ref.obtainValue()).toBe('yes');
  });

  test('as key and value of a map', () => {
    const map = own(new MapRef<string, string>());
    map.set(text, text);
    expect(map.has(almost)).toBe(false);
    expect(map.get(text) === text).toBe(true);
    map.set(almost, '');
    expect([...map.keys()].map((key) => key === text)).toEqual([true, false]);
    expect(map.delete(text)).toBe(true);
    expect(map.size).toBe(1);
  });

  test('as element, field, name and in share', () => {
    const vector = own(VectorRef.from([text, text]));
    expect(vector.indexOf(almost)).toBe(-1);
    expect(vector.lastIndexOf(text)).toBe(1);
    expect(vector.pop() === text).toBe(true);
    const struct = own(new StructFactory({ s: 'string', a: 'any' }).new({ s: text, a: text }));
    expect(struct.s === text && struct.a === text).toBe(true);
    const shared = own(share({ text }));
    expect(shared.get('text') === text).toBe(true);
    names.set(text, shared);
    expect(names.keys()[0] === text).toBe(true);
    expect(names.get(almost)).toBeUndefined();
    expect(names.delete(text)).toBe(true);
    expect(counts(shared)).toEqual([1, 0]);
  });
});

test('memory of large texts goes back', () => {
  const before = liveBytes();
  const ref = StringRef.from('x'.repeat(LENGTH));
  expect(liveBytes() - before).toBeGreaterThanOrEqual(LENGTH);
  ref.drop();
  expect(liveBytes()).toBe(before);
});

test('the longest bigints', () => {
  const huge = 2n ** (2n ** 20n - 1n);
  const map = own(new MapRef<bigint, bigint>());
  for (const value of [huge, -huge, huge - 1n, huge + 1n]) {
    map.set(value, value);
    expect(map.get(value) === value).toBe(true);
  }
  expect(map.size).toBe(4);
  expect([...map.keys()].every((key) => map.get(key) === key)).toBe(true);
  expect(own(VectorRef.from([huge])).indexOf(huge)).toBe(0);
});

test('an impossible number of bytes or elements', () => {
  const vector = own(VectorRef.from([1]));
  blocked(() => vector.setAt(2 ** 32 - 2, 1), 'ERR_OUT_OF_RANGE');
  expect(vector.slice(2 ** 40, 2 ** 41)).toEqual([]);
  expect(vector.splice(2 ** 40, 2 ** 40)).toEqual([]);
  expect(vector.obtainValue()).toEqual([1]);
});
