// Fields of structs: 1,024 objects in random order, as numbers. Strings are read in two ways: changed
// since the last read, so that the text has to be made, and unchanged.
import { shuffle, sized } from '../data.mjs';

const OBJECTS = 1024;
const OPS = sized(1_000_000);
const SHAPES = 8;
const TEXTS = ['twenty characters ok', 'twenty characters no'];

function makePoints(peer) {
  const points = Array.from({ length: OBJECTS }, (_, i) => peer.newPoint(i, i / 2, TEXTS[0]));
  return { points: shuffle(points, 4), passes: 0 };
}

/** Points of one of eight shapes that have all been read and written: a program as they are. */
function makeShapes(peer) {
  const makers = Array.from({ length: SHAPES }, (_, i) => peer.pointsOf(`field${i}`));
  for (const make of makers) {
    for (let i = 0; i < OBJECTS; i++) {
      const point = make(i, 0);
      point.y = point.x;
    }
  }
  return { points: Array.from({ length: OBJECTS }, (_, i) => makers[0](i, i / 2)) };
}

const numbers = {
  peers: ['shared-heap', 'plain', 'shared-array', 'shared-struct'],
  ops: OPS,
  setup: makePoints,
};

export default [
  {
    ...numbers,
    name: 'struct.get-number',
    title: 'struct number field, get',
    bounds: [{ peer: 'plain', within: 3 }],
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += points[i & (OBJECTS - 1)].y;
      return sum;
    },
  },
  {
    ...numbers,
    name: 'struct.set-number',
    title: 'struct number field, set',
    bounds: [
      { peer: 'plain', within: 3 },
      { peer: 'shared-struct', ahead: 8 },
    ],
    run({ points }) {
      for (let i = 0; i < OPS; i++) points[i & (OBJECTS - 1)].x = i + 0.5;
      return points.reduce((sum, point) => sum + point.x, 0);
    },
  },
  {
    name: 'struct.get-string',
    title: 'struct string field, 20 chars, changed since read',
    peers: ['shared-heap', 'plain', 'shared-struct'],
    floors: ['native-call'],
    bounds: [{ peer: 'native-call', within: 1.3 }],
    ops: OBJECTS,
    maxPasses: 400,
    setup: makePoints,
    before(state) {
      state.passes += 1;
      for (const point of state.points) point.label = TEXTS[state.passes & 1];
    },
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < points.length; i++) sum += points[i].label.charCodeAt(8);
      return sum;
    },
    check: ({ points, passes }) => points.every((point) => point.label === TEXTS[passes & 1]),
  },
  {
    name: 'struct.reread-string',
    title: 'struct string field, 20 chars, unchanged',
    peers: ['shared-heap', 'plain', 'shared-struct'],
    bounds: [{ peer: 'plain', within: 4 }],
    ops: OPS,
    setup: makePoints,
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) {
        sum += points[i & (OBJECTS - 1)].label.charCodeAt(i % 20);
      }
      return sum;
    },
  },
  {
    name: 'struct.many-shapes',
    title: 'struct number field, get, with eight shapes in use',
    peers: ['shared-heap', 'plain'],
    ops: OPS,
    setup: makeShapes,
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += points[i & (OBJECTS - 1)].y;
      return sum;
    },
  },
];
