// The limit: what the engine itself offers inside one thread. The small classes give plain data the
// method names of the refs, so that all peers run the same loop; V8 inlines them.
export const title = 'plain JS';

export const newMap = () => new Map();
export const dropMap = () => {};
export const inBatch = (work) => work();
export const mapFrom = (source) => new Map(source);
export const mapBytes = undefined; // measured by the process's memory

export function getMany(map, keys) {
  return keys.map((key) => map.get(key));
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
  drop() {}
}
export const newNumber = (value) => new Cell(value);
export const newString = (text) => new Cell(text);

export const newVector = () => [];
export const drop = () => {};

class Point {
  constructor(x, y, label) {
    this.x = x;
    this.y = y;
    this.label = label;
  }
}
export const newPoint = (x, y, label) => new Point(x, y, label);

export const share = undefined;
