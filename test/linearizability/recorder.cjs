// What the workers of linearizability.test.ts do: random operations on an object that others work on
// too, with the time before and after each. hrtime is one monotonic clock for all threads.
'use strict';

const now = () => Number(process.hrtime.bigint());

/** Objects by name: how to attach, and one random call, [method, ...arguments]. */
const subjects = {
  number: {
    attach: ({ NumberRef }, id) => new NumberRef(id),
    choose: (below, unique) =>
      [
        () => ['add', 1 + below(3)],
        () => ['sub', 1 + below(3)],
        () => ['exchange', unique()],
        () => ['compareExchange', below(4), below(4)],
      ][below(4)](),
  },
  string: {
    attach: ({ StringRef }, id) => new StringRef(id),
    choose(below, unique) {
      // In the slot, and with a payload.
      const text = () => `text ${unique()}${' of some length'.repeat(below(3))}`;
      return [
        () => ['obtainValue'],
        () => ['obtainValue'],
        () => ['setValue', ''],
        () => ['setValue', text()],
        () => ['compareExchange', '', text()],
      ][below(5)]();
    },
  },
  entries: {
    attach: ({ MapRef }, id) => new MapRef(id),
    choose(below, unique) {
      const key = ['a', 'b', 'a key that is longer than an entry', 'another key of that kind'][
        below(4)
      ];
      return [
        () => ['get', key],
        () => ['get', key],
        () => ['has', key],
        () => ['set', key, unique()],
        () => ['delete', key],
        () => ['take', key],
        () => ['add', key, 1],
        () => ['add', key, 2],
        () => ['getOrInsert', key, unique()],
        () => ['compareExchange', key, undefined, unique()],
      ][below(10)]();
    },
  },
  map: {
    attach: ({ MapRef }, id) => new MapRef(id),
    choose(below, unique) {
      const key = 'abc'[below(3)];
      return [
        () => ['get', key],
        () => ['get', key],
        () => ['set', key, unique()],
        () => ['set', key, unique()],
        () => ['delete', key],
        () => ['clear'],
        () => ['len'],
        () => ['len'],
      ][below(8)]();
    },
  },
  vector: {
    attach: ({ VectorRef }, id) => new VectorRef(id),
    choose: (below, unique) =>
      [
        () => ['push', unique()],
        () => ['push', unique(), unique()],
        () => ['unshift', unique()],
        () => ['pop'],
        () => ['pop'],
        () => ['shift'],
        () => ['shift'],
        () => ['index', below(4)],
        () => ['index', 0],
        () => ['setAt', below(4), unique()],
        () => ['removeAt', below(4)],
        () => ['at', -1],
        () => ['at', -1 - below(3)],
        () => ['splice', -2, 1, unique(), unique()],
        () => ['splice', below(3) - 2, below(3)],
        () => ['fill', unique(), -1],
        () => ['fill', unique(), below(3) - 2, -1],
        () => ['indexOf', below(100)],
        () => ['lastIndexOf', below(100), -1],
        () => ['reverse'],
        () => ['clear'],
        () => ['len'],
      ][below(22)](),
  },
  queue: {
    attach({ QueueRef }, id) {
      const queue = new QueueRef(id);
      return {
        tryPush: (value) => queue.tryPush(value),
        tryPop: () => queue.tryPop(),
        length: () => queue.length,
      };
    },
    choose: (below, unique) =>
      [() => ['tryPush', unique()], () => ['tryPop'], () => ['length']][below(3)](),
  },
  // Maps that are broken on purpose.
  lostAdd: {
    attach: (shared, id) => new LostAdd(new shared.MapRef(id)),
    choose: (below) => [() => ['add', 'a', 1], () => ['get', 'a']][below(2)](),
  },
  staleGet: {
    attach: (shared, id) => new StaleGet(new shared.MapRef(id)),
    choose: (below, unique) => [() => ['set', 'a', unique()], () => ['get', 'a']][below(2)](),
  },
};

/** Adds in two steps: get, then set. */
class LostAdd {
  constructor(map) {
    this.map = map;
  }

  get(key) {
    return this.map.get(key);
  }

  add(key, n) {
    const before = this.map.get(key) ?? 0;
    this.map.set(key, before + n);
    return before;
  }
}

/** Answers several times with what it has read once. */
class StaleGet {
  reads = 0;

  constructor(map) {
    this.map = map;
  }

  get(key) {
    if (this.reads++ % 4 === 0) this.value = this.map.get(key);
    return this.value;
  }

  set(key, value) {
    this.map.set(key, value);
    this.value = value; // its own writes it does see
    return this;
  }
}

/** xorshift32. */
function generator(seed) {
  let state = seed | 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

function perform(object, method, args) {
  try {
    const result = object[method](...args);
    return result === object ? 'this' : result;
  } catch (error) {
    return { error: error.code };
  }
}

const BURST = 250;

/** The operations of this worker, in bursts that begin when all workers are there. */
exports.record = (shared, { subject, id, count, seed, worker, workers, gate }) => {
  const { attach, choose } = subjects[subject];
  const object = attach(shared, id);
  const below = generator(seed * 8 + worker + 1);
  let made = 0;
  const unique = () => 100 * made++ + 10 + worker;
  const calls = Array.from({ length: count }, () => choose(below, unique));
  const operations = [];
  for (let i = 0; i < count; i++) {
    if (i % BURST === 0) {
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < workers * (i / BURST + 1)); // a notify would be too slow
    }
    const [method, ...args] = calls[i];
    const call = now();
    const result = perform(object, method, args);
    const end = now();
    operations.push({ method, args, result, call, return: end });
  }
  return operations;
};
