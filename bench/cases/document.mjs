// A nested document of 5,000 records, into the heap and out of it again.
import { checksumOf, makeDocument, sized } from '../data.mjs';

const RECORDS = sized(5000);

const common = {
  peers: ['shared-heap', 'structured-clone', 'json'],
  unit: 'ns/record',
  ops: RECORDS,
  setup: (peer) => ({ peer, source: makeDocument(RECORDS), shared: undefined }),
};
const contents = ({ peer, shared }) => checksumOf(JSON.stringify(peer.obtain(shared)));

function put(state) {
  state.shared = state.peer.share(state.source);
}

function release(state) {
  state.peer.drop(state.shared);
  state.shared = undefined;
}

export default [
  {
    ...common,
    name: 'document.share',
    title: '`share()` of a nested document',
    run(state) {
      put(state);
      return RECORDS;
    },
    check: contents,
    after: release,
  },
  {
    ...common,
    name: 'document.obtain',
    title: '`obtainValue()` of the document',
    setup(peer) {
      const state = common.setup(peer);
      put(state);
      return state;
    },
    run: ({ peer, shared }) => peer.obtain(shared).records.length,
    check: contents,
    teardown: release,
  },
];
