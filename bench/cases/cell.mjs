// Texts and numbers behind refs, and fields of structs: 1,024 objects taken in random order, so that
// no engine can keep one of them in a register.
import { shuffle } from '../data.mjs';

const OBJECTS = 1024;
const OPS = 1_000_000;
const TEXT = 'twenty characters ok'; // as native/bare.c

const indexes = () => Array.from({ length: OBJECTS }, (_, i) => i);
const made = (make) => shuffle(indexes().map(make), 4);

const numbers = {
  peers: ['shared-heap', 'plain'],
  ops: OPS,
  setup: (peer) => ({ cells: made((i) => peer.newNumber(i)) }),
};
const points = {
  peers: ['shared-heap', 'plain'],
  ops: OPS,
  setup: (peer) => ({ points: made((i) => peer.newPoint(i, i / 2, TEXT)) }),
};

export default [
  {
    name: 'string.get',
    title: '`StringRef.obtainValue`, 20 characters',
    peers: ['shared-heap', 'native-call', 'plain'],
    bounds: [{ peer: 'native-call', atMost: 2 }],
    ops: OPS,
    setup: (peer) => ({ texts: made(() => peer.newString(TEXT)) }),
    run({ texts }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) {
        sum += texts[i & (OBJECTS - 1)].obtainValue().charCodeAt(i % 20);
      }
      return sum;
    },
  },
  {
    ...numbers,
    floors: ['native-call'],
    name: 'number.get',
    title: '`NumberRef.obtainValue`',
    run({ cells }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += cells[i & (OBJECTS - 1)].obtainValue();
      return sum;
    },
  },
  {
    ...numbers,
    name: 'number.set',
    title: '`NumberRef.setValue`',
    run({ cells }) {
      for (let i = 0; i < OPS; i++) cells[i & (OBJECTS - 1)].setValue(i + 0.5);
      return cells.reduce((sum, cell) => sum + cell.obtainValue(), 0);
    },
  },
  {
    ...numbers,
    name: 'number.add',
    title: '`NumberRef.add`',
    before({ cells }) {
      for (const cell of cells) cell.setValue(0);
    },
    run({ cells }) {
      for (let i = 0; i < OPS; i++) cells[i & (OBJECTS - 1)].add(i & 3);
      return cells.reduce((sum, cell) => sum + cell.obtainValue(), 0);
    },
  },
  {
    ...points,
    name: 'struct.get-number',
    title: 'struct number field, get',
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) sum += points[i & (OBJECTS - 1)].y;
      return sum;
    },
  },
  {
    ...points,
    name: 'struct.set-number',
    title: 'struct number field, set',
    run({ points }) {
      for (let i = 0; i < OPS; i++) points[i & (OBJECTS - 1)].x = i + 0.5;
      return points.reduce((sum, point) => sum + point.x, 0);
    },
  },
  {
    ...points,
    name: 'struct.get-string',
    title: 'struct string field, get, 20 characters',
    run({ points }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) {
        sum += points[i & (OBJECTS - 1)].label.charCodeAt(i % 20);
      }
      return sum;
    },
  },
];
