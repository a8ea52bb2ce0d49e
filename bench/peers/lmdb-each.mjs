// lmdb without a transaction around the loop: every putSync commits by itself.
export { dropMap, getMany, mapFrom, newMap } from './lmdb.mjs';

export const inBatch = (work) => work();
