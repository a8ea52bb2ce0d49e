// Numbers behind refs: 1,024 objects taken in random order, so that no engine can keep one of them in
// a register.
import { shuffle, sized } from '../data.mjs';

const OBJECTS = 1024;
const OPS = sized(1_000_000);

const numbers = {
  peers: ['shared-heap', 'plain', 'shared-array', 'shared-struct'],
  ops: OPS,
  setup(peer) {
    const cells = Array.from({ length: OBJECTS }, (_, i) => peer.newNumber(i));
    return { cells: shuffle(cells, 4) };
  },
};

export default [
  {
    ...numbers,
    floors: ['native-call'],
    name: 'number.get',
    title: '`NumberRef.obtainValue`',
    bounds: [{ peer: 'plain', within: 3 }],
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
    bounds: [
      { peer: 'plain', within: 3 },
      { peer: 'shared-struct', ahead: 8 },
    ],
    run({ cells }) {
      for (let i = 0; i < OPS; i++) cells[i & (OBJECTS - 1)].setValue(i + 0.5);
      return cells.reduce((sum, cell) => sum + cell.obtainValue(), 0);
    },
  },
  {
    ...numbers,
    peers: ['shared-heap', 'plain', 'shared-array'],
    name: 'number.add',
    title: '`NumberRef.add`, atomic (not in plain JS)',
    before({ cells }) {
      for (const cell of cells) cell.setValue(0);
    },
    run({ cells }) {
      for (let i = 0; i < OPS; i++) cells[i & (OBJECTS - 1)].add(i & 3);
      return cells.reduce((sum, cell) => sum + cell.obtainValue(), 0);
    },
  },
];
