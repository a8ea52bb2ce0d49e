// The data of all cases, the same in every process: a seeded generator, no Math.random.
import process from 'node:process';

/** A thousandth of the work and no warming up, for the test that only runs everything once. */
export const isQuick = process.env.BENCH_QUICK === '1';
export const sized = (count) => (isQuick ? Math.max(16, Math.round(count / 1000)) : count);

/** mulberry32: a small generator of good enough numbers in [0, 1). */
export function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Fisher-Yates, in place. */
export function shuffle(array, seed) {
  const random = generator(seed);
  for (let i = array.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [array[i], array[j]] = [array[j], array[i]];
  }
  return array;
}

const LETTERS = Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789_-/.');

/** `count` different keys of 10 to 15 characters: flat one-byte strings, as a parser makes them. */
export function makeKeys(count, seed = 1) {
  const random = generator(seed);
  const keys = new Set();
  const bytes = Buffer.alloc(15);
  while (keys.size < count) {
    const length = 10 + Math.floor(random() * 6);
    for (let i = 0; i < length; i++) bytes[i] = LETTERS[Math.floor(random() * LETTERS.length)];
    keys.add(bytes.latin1Slice(0, length));
  }
  return [...keys];
}

/** The keys in two pieces each, for loops that build their keys: `heads[i] + tails[i]`. */
export function splitKeys(keys) {
  const copy = (text) => Buffer.from(text, 'latin1').latin1Slice();
  return {
    heads: keys.map((key) => copy(key.slice(0, 5))),
    tails: keys.map((key) => copy(key.slice(5))),
  };
}

/** A document as a build tool or API has them: nested, mixed, `count` records of some 200 bytes. */
export function makeDocument(count, seed = 7) {
  const random = generator(seed);
  const word = () => Math.floor(random() * 2 ** 32).toString(36);
  return {
    version: 3,
    generated: 'bench',
    records: Array.from({ length: count }, (_, id) => ({
      id,
      path: `src/${word()}/${word()}.ts`,
      size: Math.floor(random() * 100_000),
      weight: random(),
      external: random() < 0.2,
      parent: id === 0 ? null : Math.floor(random() * id),
      imports: Array.from({ length: Math.floor(random() * 5) }, word),
      position: { line: Math.floor(random() * 900), column: Math.floor(random() * 80) },
    })),
  };
}

/** FNV-1a over a text: a checksum that fits a number. */
export function checksumOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** One of 26 one-byte texts of a length, which differ in the last character; flat. */
export function largeText(length, i) {
  return Buffer.alloc(length, `x`)
    .fill(97 + (i % 26), length - 1)
    .latin1Slice();
}

/** A `Map` of keys to their numbers. */
export const numberedMap = (count) => new Map(makeKeys(count).map((key, i) => [key, i]));
