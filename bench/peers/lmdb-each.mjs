// lmdb without a transaction around the loop: every putSync commits by itself.
export { dropMap, getMany, mapFrom, newMap } from './lmdb.mjs';

export const title = 'lmdb, one commit a write';
export const inBatch = (work) => work();
