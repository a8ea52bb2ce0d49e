// V8's own shared structs and arrays, an experiment behind --harmony-struct: fixed fields, no methods,
// so small classes around them give them the names of ours where those are methods.
import { List } from './list.mjs';

/* global SharedStructType, SharedArray */

const NumberStruct = new SharedStructType(['value']);
const PointStruct = new SharedStructType(['x', 'y', 'label']);

class Cell {
  constructor(value) {
    this.struct = new NumberStruct();
    this.struct.value = value;
  }
  obtainValue() {
    return this.struct.value;
  }
  setValue(value) {
    this.struct.value = value;
  }
}
export const newNumber = (value) => new Cell(value);

export function newPoint(x, y, label) {
  const point = new PointStruct();
  point.x = x;
  point.y = y;
  point.label = label;
  return point;
}

export function vectorFrom(source) {
  const items = new SharedArray(source.length);
  for (let i = 0; i < source.length; i++) items[i] = source[i];
  return new List(items);
}
export const drop = () => {};
