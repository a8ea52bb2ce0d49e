// The limit: what the engine itself offers inside one thread. The small classes give plain data the
// method names of the refs, so that all peers run the same loop; V8 inlines them.

export const newMap = () => new Map();
export const dropMap = () => {};
export const inBatch = (work) => work();
export const mapFrom = (source) => new Map(source);
export const mapBytes = undefined; // measured by the process's memory
export const dropAll = () => {};

export function mapFromObject(source) {
  const map = new Map();
  for (const key of Object.keys(source)) map.set(key, source[key]);
  return map;
}

export function getMany(map, keys) {
  return keys.map((key) => map.get(key));
}

export function setMany(map, source) {
  for (const [key, value] of source) map.set(key, value);
}

class Cell {
  constructor(value) {
    this.value = value;
  }
  obtainValue() {
    return this.value;
  }
  setValue(value) {
    this.value = value;
  }
  add(n) {
    const before = this.value;
    this.value = before + n;
    return before;
  }
}
export const newNumber = (value) => new Cell(value);
export const newString = (text) => new Cell(text);

/** Read as `items[i]`: the array's own `at` takes several times as long. */
class List {
  constructor() {
    this.items = [];
  }
  get length() {
    return this.items.length;
  }
  at(i) {
    return this.items[i];
  }
  push(value) {
    return this.items.push(value);
  }
}
export const newVector = () => new List();
export const iterable = ({ items }) => items;
export function vectorFrom(source) {
  const list = new List();
  for (let i = 0; i < source.length; i++) list.items.push(source[i]);
  return list;
}
export const drop = () => {};

export const obtain = (value) => (value instanceof Map ? new Map(value) : value.items.slice());

class Point {
  constructor(x, y, label) {
    this.x = x;
    this.y = y;
    this.label = label;
  }
}
export const newPoint = (x, y, label) => new Point(x, y, label);
export const newPoints = (inits) => inits.map(({ x, y, label }) => new Point(x, y, label));
export const pointsOf = (name) => (x, y) => ({ [name]: 0, x, y });

export const keepAlive = (count) => ({
  size: count,
  cells: Array.from({ length: count }, (_, i) => new Cell(i)),
});
