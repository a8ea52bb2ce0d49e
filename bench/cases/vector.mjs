// Vectors of 100,000 numbers against plain arrays.
import { generator } from '../data.mjs';

const COUNT = 100_000;

function empty(peer) {
  const random = generator(5);
  const places = Array.from({ length: COUNT }, () => Math.floor(random() * COUNT));
  return { peer, places, vector: undefined };
}

function create(state) {
  state.vector = state.peer.newVector();
}

function filled(peer) {
  const state = empty(peer);
  create(state);
  for (let i = 0; i < COUNT; i++) state.vector.push(i / 4);
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
    check: ({ vector }) => vector.at(-1) + vector.at(COUNT / 2),
    after: release,
  },
  {
    ...reading,
    name: 'vector.at',
    title: '`VectorRef.at` of a number, random index',
    run({ vector, places }) {
      let sum = 0;
      for (let i = 0; i < places.length; i++) sum += vector.at(places[i]);
      return sum;
    },
  },
  {
    ...reading,
    name: 'vector.iterate',
    title: 'iterating a `VectorRef`',
    run({ vector }) {
      let sum = 0;
      for (const value of vector) sum += value;
      return sum;
    },
  },
];
