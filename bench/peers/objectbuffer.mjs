// Objects in an ArrayBuffer behind proxies. A buffer does not grow: it gets more than it needs.
import objectbuffer from '@bnaya/objectbuffer';

const SIZE = 2 ** 24;
const options = { textEncoder: new TextEncoder(), textDecoder: new TextDecoder() };
const create = (value) => objectbuffer.createObjectBuffer(options, SIZE, value, 'shared');

export const newPoint = (x, y, label) => create({ x, y, label });

class List {
  constructor(source) {
    this.items = create({ items: source }).items;
  }
  at(i) {
    return this.items[i];
  }
}
export const vectorFrom = (source) => new List(source);

class Table {
  constructor(source) {
    this.entries = create(Object.fromEntries(source));
  }
  get(key) {
    return this.entries[key];
  }
  set(key, value) {
    this.entries[key] = value;
  }
}
export const mapFrom = (source) => new Table(source);
