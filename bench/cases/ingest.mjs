// 1,000,000 entries taken over from plain data at once, against building the same with plain data.
import { makeKeys, sized } from '../data.mjs';

const COUNT = sized(1_000_000);

let keys; // made once a process
function sourceOf(make) {
  keys ??= makeKeys(COUNT);
  return make(keys);
}

/** `make(keys)` makes the source; what is made of it is known by `contents`. */
const ingest = ({ name, title, make, run, contents }) => ({
  name,
  title,
  peers: ['shared-heap', 'plain'],
  bounds: [{ peer: 'plain', within: 1.5 }],
  ops: COUNT,
  maxRounds: 3,
  maxPasses: 1,
  setup: (peer) => ({ peer, source: sourceOf(make), result: undefined }),
  run(state) {
    state.result = run(state.peer, state.source);
    return COUNT;
  },
  check: ({ result }) => contents(result),
  after(state) {
    state.peer.dropAll(state.result);
    state.result = undefined;
  },
});

function mapContents(map) {
  let sum = 0;
  for (const [key, value] of map) sum = (sum * 31 + key.length + value) % 4_294_967_291;
  return `${map.size} ${sum}`;
}
const keyed = (keys) => keys.map((key, i) => [key, i]);

export default [
  ingest({
    name: 'ingest.map',
    title: '`MapRef.from` of a `Map`, 1,000,000 entries',
    make: (keys) => new Map(keyed(keys)),
    run: (peer, source) => peer.mapFrom(source, COUNT),
    contents: mapContents,
  }),
  ingest({
    name: 'ingest.object',
    title: '`MapRef.from` of an object, 1,000,000 properties',
    make: (keys) => Object.fromEntries(keyed(keys)),
    run: (peer, source) => peer.mapFromObject(source),
    contents: mapContents,
  }),
  ingest({
    name: 'ingest.entries',
    title: '`MapRef.from` of an array, 1,000,000 pairs',
    make: keyed,
    run: (peer, source) => peer.mapFrom(source, COUNT),
    contents: mapContents,
  }),
  ingest({
    name: 'ingest.array',
    title: '`VectorRef.from` of 1,000,000 numbers (JS: pushed)',
    make: (keys) => keys.map((key, i) => i / 4),
    run: (peer, source) => peer.vectorFrom(source),
    contents: (vector) => [vector.length, vector.at(1), vector.at(COUNT - 1)].join(),
  }),
  ingest({
    name: 'ingest.structs',
    title: '`StructFactory.newMany` of 1,000,000 objects',
    make: (keys) => keys.map((key, i) => ({ x: i, y: i / 2, label: key })),
    run: (peer, source) => peer.newPoints(source),
    contents: (points) => {
      const { x, y, label } = points[COUNT - 2];
      return [points.length, x, y, label].join();
    },
  }),
];
