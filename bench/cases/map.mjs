// Maps of 100,000 string keys with number values, in random order. Each operation twice: with key
// objects that the engine has hashed and compared before, and with keys built in the loop, as they
// come out of request data (there the price of building is in every peer's time).
import { makeKeys, shuffle, sized, splitKeys } from '../data.mjs';

const COUNT = sized(100_000);
const SINGLE = sized(5000);

let data;

/** Made once a process: keys in insertion order, and the orders in which the loops go through them. */
function empty(peer) {
  if (data === undefined) {
    const all = makeKeys(COUNT + COUNT / 2);
    const keys = all.slice(0, COUNT);
    const order = shuffle([...keys], 2);
    const probes = shuffle([...keys.slice(0, COUNT / 2), ...all.slice(COUNT)], 3);
    const source = new Map(keys.map((key, i) => [key, i]));
    data = { keys, source, order, probes, built: splitKeys(order), builtProbes: splitKeys(probes) };
  }
  return { ...data, peer, map: undefined };
}

function filled(peer) {
  const state = empty(peer);
  fill(state);
  return state;
}

function fill(state) {
  state.map = state.peer.mapFrom(state.source, COUNT);
}

function create(state) {
  state.map = state.peer.newMap(COUNT);
}

function release(state) {
  state.peer.dropMap(state.map);
  state.map = undefined;
}

/** Everything in the map, the same for all peers if they did the same. */
function contents({ keys, map }) {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) {
    const value = map.get(keys[i]);
    sum = (sum * 31 + (value === undefined ? 1_000_003 : value)) % 4_294_967_291;
  }
  return sum;
}

/** At most so many times what a `Map` takes, and so many times ahead of the others. */
const bounds = (within, ahead) => [
  { peer: 'plain', within },
  { peer: 'lmdb', ahead },
  { peer: 'sharedmap', ahead },
];

const common = { peers: ['shared-heap', 'plain', 'lmdb', 'sharedmap'], ops: COUNT };
const reading = { ...common, setup: filled, teardown: release };
const changing = { ...common, setup: filled, check: contents, teardown: release };
const filling = { ...common, setup: empty, before: create, check: contents, after: release };
const emptying = { ...common, setup: empty, before: fill, check: contents, after: release };
const bulk = { peers: ['shared-heap', 'plain'], ops: COUNT, setup: filled, teardown: release };

export default [
  {
    ...reading,
    floors: ['native-call'],
    name: 'map.get',
    title: '`MapRef.get`, keys seen before',
    bounds: bounds(2, 8),
    run({ map, order }) {
      let sum = 0;
      for (let i = 0; i < order.length; i++) sum += map.get(order[i]);
      return sum;
    },
  },
  {
    ...reading,
    floors: ['native-call'],
    name: 'map.get-built',
    title: '`MapRef.get`, keys built in the loop',
    bounds: bounds(1, 8),
    run({ map, built: { heads, tails } }) {
      let sum = 0;
      for (let i = 0; i < heads.length; i++) sum += map.get(heads[i] + tails[i]);
      return sum;
    },
  },
  {
    ...reading,
    name: 'map.has',
    title: '`MapRef.has`, half of the keys absent',
    bounds: bounds(2, 8),
    run({ map, probes }) {
      let sum = 0;
      for (let i = 0; i < probes.length; i++) sum += map.has(probes[i]) ? i : 0;
      return sum;
    },
  },
  {
    ...reading,
    name: 'map.has-built',
    title: '`MapRef.has`, half absent, built',
    bounds: bounds(1, 8),
    run({ map, builtProbes: { heads, tails } }) {
      let sum = 0;
      for (let i = 0; i < heads.length; i++) sum += map.has(heads[i] + tails[i]) ? i : 0;
      return sum;
    },
  },
  {
    ...changing,
    name: 'map.set',
    title: '`MapRef.set` of existing keys',
    bounds: bounds(2, 4),
    run({ peer, map, order }) {
      peer.inBatch(() => {
        for (let i = 0; i < order.length; i++) map.set(order[i], i);
      });
      return order.length;
    },
  },
  {
    ...changing,
    name: 'map.set-built',
    title: '`MapRef.set` of existing keys, built',
    bounds: bounds(2, 4),
    run({ peer, map, built: { heads, tails } }) {
      peer.inBatch(() => {
        for (let i = 0; i < heads.length; i++) map.set(heads[i] + tails[i], i);
      });
      return heads.length;
    },
  },
  {
    ...filling,
    name: 'map.insert',
    title: '`MapRef.set` of new keys, from empty',
    bounds: bounds(1.5, 4),
    run({ peer, map, order }) {
      peer.inBatch(() => {
        for (let i = 0; i < order.length; i++) map.set(order[i], i);
      });
      return order.length;
    },
  },
  {
    ...filling,
    name: 'map.insert-built',
    title: '`MapRef.set` of new keys, built',
    bounds: bounds(1.5, 4),
    run({ peer, map, built: { heads, tails } }) {
      peer.inBatch(() => {
        for (let i = 0; i < heads.length; i++) map.set(heads[i] + tails[i], i);
      });
      return heads.length;
    },
  },
  {
    ...emptying,
    name: 'map.delete',
    title: '`MapRef.delete`, down to empty',
    bounds: bounds(1.5, 4),
    run({ peer, map, order }) {
      let sum = 0;
      peer.inBatch(() => {
        for (let i = 0; i < order.length; i++) sum += map.delete(order[i]) ? i : 0;
      });
      return sum;
    },
  },
  {
    ...emptying,
    name: 'map.delete-built',
    title: '`MapRef.delete`, built',
    bounds: bounds(1.5, 4),
    run({ peer, map, built: { heads, tails } }) {
      let sum = 0;
      peer.inBatch(() => {
        for (let i = 0; i < heads.length; i++) sum += map.delete(heads[i] + tails[i]) ? i : 0;
      });
      return sum;
    },
  },
  {
    name: 'map.set-each',
    title: '`MapRef.set` of existing keys, against a commit for each',
    peers: ['shared-heap', 'lmdb-each'],
    ops: SINGLE,
    setup: filled,
    run({ map, order }) {
      for (let i = 0; i < SINGLE; i++) map.set(order[i], i);
      return SINGLE;
    },
    check: contents,
    teardown: release,
  },
  {
    ...bulk,
    name: 'map.getMany',
    title: '`MapRef.getMany` of all keys',
    run({ peer, map, order }) {
      const values = peer.getMany(map, order);
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += values[i] * (i & 7);
      return sum;
    },
  },
  {
    ...bulk,
    name: 'map.setMany',
    title: '`MapRef.setMany` of existing keys',
    run({ peer, map, source }) {
      peer.setMany(map, source);
      return map.size;
    },
    check: contents,
  },
  {
    ...bulk,
    name: 'map.iterate',
    title: 'iterating a `MapRef`',
    run({ map }) {
      let sum = 0;
      for (const [key, value] of map) sum += key.length * value;
      return sum;
    },
  },
  {
    ...bulk,
    name: 'map.obtain',
    title: '`MapRef.obtainValue` (JS: `new Map(map)`)',
    run({ peer, map, order }) {
      const copy = peer.obtain(map);
      return copy.size + copy.get(order[0]);
    },
  },
];
