// Vectors of 100,000 numbers against plain arrays.
import { generator, sized } from '../data.mjs';

const COUNT = sized(100_000);

function empty(peer) {
  const random = generator(5);
  const places = Array.from({ length: COUNT }, () => Math.floor(random() * COUNT));
  const source = Array.from({ length: COUNT }, (_, i) => i / 4);
  return { peer, places, source, vector: undefined };
}

function create(state) {
  state.vector = state.peer.newVector();
}

function filled(peer) {
  const state = empty(peer);
  state.vector = peer.vectorFrom(state.source);
  return state;
}

function release({ peer, vector }) {
  peer.drop(vector);
}

const common = { peers: ['shared-heap', 'plain'], ops: COUNT };
const reading = { ...common, setup: filled, teardown: release };

export default [
  {
    ...common,
    setup: empty,
    name: 'vector.push',
    title: '`VectorRef.push`, one at a time',
    before: create,
    run({ vector }) {
      for (let i = 0; i < COUNT; i++) vector.push(i / 4);
      return vector.length;
    },
    check: ({ vector }) => vector.at(COUNT - 1) + vector.at(COUNT / 2),
    after: release,
  },
  {
    ...reading,
    peers: ['shared-heap', 'plain', 'shared-array', 'shared-struct'],
    name: 'vector.at',
    title: '`VectorRef.at` of a number, random index',
    bounds: [{ peer: 'plain', within: 3 }],
    run({ vector, places }) {
      let sum = 0;
      for (let i = 0; i < places.length; i++) sum += vector.at(places[i]);
      return sum;
    },
  },
  {
    ...reading,
    peers: ['shared-heap', 'plain', 'shared-array'],
    name: 'vector.iterate',
    title: 'iterating a `VectorRef` of 100,000 numbers',
    bounds: [{ peer: 'plain', within: 5 }],
    setup(peer) {
      const state = filled(peer);
      return { ...state, elements: peer.iterable(state.vector) };
    },
    run({ elements }) {
      let sum = 0;
      for (const value of elements) sum += value;
      return sum;
    },
  },
  {
    ...reading,
    name: 'vector.obtain',
    title: '`VectorRef.obtainValue` of 100,000 numbers (JS: `slice`)',
    run({ peer, vector }) {
      const copy = peer.obtain(vector);
      return copy[1] + copy[copy.length - 1];
    },
  },
];
