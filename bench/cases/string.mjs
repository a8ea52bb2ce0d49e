// Short texts behind refs, changed since they were read (the text has to be made) and unchanged.
import { shuffle, sized } from '../data.mjs';

const OBJECTS = 1024;
const OPS = sized(1_000_000);
const TEXTS = ['twenty characters ok', 'twenty characters no'];

function makeTexts(peer) {
  const texts = Array.from({ length: OBJECTS }, () => peer.newString(TEXTS[0]));
  return { texts: shuffle(texts, 4), passes: 0 };
}

export default [
  {
    name: 'string.get',
    title: '`StringRef.obtainValue`, 20 chars, changed since read',
    peers: ['shared-heap', 'plain'],
    floors: ['native-call'],
    bounds: [{ peer: 'native-call', within: 2 }],
    ops: OBJECTS,
    maxPasses: 400,
    setup: makeTexts,
    before(state) {
      state.passes += 1;
      for (const text of state.texts) text.setValue(TEXTS[state.passes & 1]);
    },
    run({ texts }) {
      let sum = 0;
      for (let i = 0; i < texts.length; i++) sum += texts[i].obtainValue().charCodeAt(8);
      return sum;
    },
    check: ({ texts, passes }) => texts.every((text) => text.obtainValue() === TEXTS[passes & 1]),
  },
  {
    name: 'string.reread',
    title: '`StringRef.obtainValue`, 20 chars, unchanged',
    peers: ['shared-heap', 'plain'],
    bounds: [{ peer: 'plain', within: 4 }],
    ops: OPS,
    setup: makeTexts,
    run({ texts }) {
      let sum = 0;
      for (let i = 0; i < OPS; i++) {
        sum += texts[i & (OBJECTS - 1)].obtainValue().charCodeAt(i % 20);
      }
      return sum;
    },
  },
  {
    name: 'string.set',
    title: '`StringRef.setValue`, 20 chars',
    peers: ['shared-heap', 'plain'],
    ops: OPS,
    setup: makeTexts,
    run({ texts }) {
      for (let i = 0; i < OPS; i++) texts[i & (OBJECTS - 1)].setValue(TEXTS[(i >> 1) & 1]);
      return texts.reduce((sum, text) => sum + text.obtainValue().charCodeAt(19), 0);
    },
  },
];
