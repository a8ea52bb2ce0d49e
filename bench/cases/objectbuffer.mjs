// @bnaya/objectbuffer takes microseconds where others take nanoseconds, and its objects are linear
// lists: the same work as in number, struct, vector and map, but so little of it that it ends.
import { numberedMap, sized } from '../data.mjs';

const OPS = sized(10_000);
const LENGTH = sized(2000);
const KEYS = sized(300);
const TEXT = 'twenty characters ok';

const common = { peers: ['shared-heap', 'objectbuffer'], maxRounds: 3 };
const onPoint = { ...common, ops: OPS, setup: (peer) => ({ point: peer.newPoint(1, 2.5, TEXT) }) };
const onVector = {
  ...common,
  ops: LENGTH,
  setup: (peer) => ({
    vector: peer.vectorFrom(Array.from({ length: LENGTH }, (_, i) => i / 4)),
  }),
};
const onMap = {
  ...common,
  ops: KEYS,
  setup(peer) {
    const source = numberedMap(KEYS);
    return { keys: [...source.keys()], map: peer.mapFrom(source) };
  },
};

export default [
  {
    ...onPoint,
    name: 'objectbuffer.get-number',
    title: 'struct number field, get (one struct)',
    run({ point }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += point.y;
      return sum;
    },
  },
  {
    ...onPoint,
    name: 'objectbuffer.set-number',
    title: 'struct number field, set (one struct)',
    run({ point }) {
      for (let i = 0; i < OPS; i++) point.x = i + 0.5;
      return point.x;
    },
  },
  {
    ...onPoint,
    name: 'objectbuffer.get-string',
    title: 'struct string field, get (one struct)',
    run({ point }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += point.label.charCodeAt(i % 20);
      return sum;
    },
  },
  {
    ...onVector,
    name: 'objectbuffer.at',
    title: 'vector of 2,000 numbers, read by index',
    run({ vector }) {
      let sum = 0;
      for (let i = 0; i < LENGTH; i++) sum += vector.at(i);
      return sum;
    },
  },
  {
    ...onMap,
    name: 'objectbuffer.map-get',
    title: 'map of 300 keys, get',
    run({ map, keys }) {
      let sum = 0;
      for (const key of keys) sum += map.get(key);
      return sum;
    },
  },
  {
    ...onMap,
    name: 'objectbuffer.map-set',
    title: 'map of 300 keys, set',
    run({ map, keys }) {
      for (let i = 0; i < keys.length; i++) map.set(keys[i], i + 1);
      return keys.reduce((sum, key) => sum + map.get(key), 0);
    },
  },
];
