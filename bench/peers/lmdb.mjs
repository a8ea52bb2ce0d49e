// lmdb as fast as it goes: the file in memory (tmpfs), no sync, and in the write cases one
// transaction around the whole loop. Keys and values in its default encodings.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';

const base = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();
const folder = fs.mkdtempSync(path.join(base, 'shared-heap-bench-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const database = open({
  path: path.join(folder, 'data.mdb'),
  noSync: true,
  mapSize: 2 ** 30,
});

class Store {
  get(key) {
    return database.get(key);
  }
  has(key) {
    return database.doesExist(key);
  }
  set(key, value) {
    database.putSync(key, value);
  }
  delete(key) {
    return database.removeSync(key);
  }
}

export const newMap = () => new Store();
export const dropMap = () => database.clearSync();
export const inBatch = (work) => database.transactionSync(work);

export function mapFrom(source) {
  database.transactionSync(() => {
    for (const [key, value] of source) database.putSync(key, value);
  });
  return new Store();
}

export function getMany(map, keys) {
  return keys.map((key) => map.get(key));
}

/** Bytes of the pages in use. */
export function mapBytes() {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = database.getStats();
  return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages);
}
