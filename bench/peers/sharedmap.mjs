// sharedmap holds texts of fixed room in a table of fixed length. It gets twice the places it needs,
// and 16 characters for key and value each. Numbers go in and come out as text: that is its API.
import SharedMap from 'sharedmap';

const KEY_UNITS = 16;
const VALUE_UNITS = 16;

class Table {
  constructor(size) {
    this.map = new SharedMap(size * 2, KEY_UNITS, VALUE_UNITS);
  }
  get(key) {
    const text = this.map.get(key);
    return text === undefined ? undefined : Number(text);
  }
  has(key) {
    return this.map.has(key);
  }
  set(key, value) {
    this.map.set(key, value);
  }
  delete(key) {
    this.map.delete(key); // throws if it is absent
    return true;
  }
}

/** Emptied and used again: fresh memory would cost it page faults in every pass. */
let spare;
export function newMap(size) {
  const table = spare ?? new Table(size);
  spare = undefined;
  return table;
}
export function dropMap(table) {
  table.map.clear();
  spare = table;
}
export const inBatch = (work) => work();

export function mapFrom(source, size) {
  const table = newMap(size);
  for (const [key, value] of source) table.set(key, value);
  return table;
}

export const mapBytes = (table) => table.map.storage.byteLength;
