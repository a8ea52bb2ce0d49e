// What a run needs to know of the peers before it starts them. Their modules, one each beside this
// file, are loaded only by processes of their own.
//
// `flags` are for node. A peer of `packages` is named with its version in the results.
export const peers = {
  'shared-heap': { title: 'shared-heap' },
  plain: { title: 'plain JS' },
  'shared-array': { title: '`Float64Array` over `SharedArrayBuffer`' },
  'shared-struct': { title: 'V8 shared structs', flags: ['--harmony-struct'] },
  'post-message': { title: '`postMessage`' },
  'structured-clone': { title: '`structuredClone`' },
  json: { title: 'JSON' },
  lmdb: { title: 'lmdb' },
  'lmdb-each': { title: 'lmdb, one commit a write' },
  sharedmap: { title: 'sharedmap' },
  objectbuffer: { title: '@bnaya/objectbuffer' },
  'native-call': { title: 'bare native call' },
  nothing: { title: 'nothing beside it' },
};

export const packages = ['lmdb', 'sharedmap', '@bnaya/objectbuffer'];
