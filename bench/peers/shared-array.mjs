// What one builds by hand: numbers in a Float64Array over a SharedArrayBuffer, of a length fixed
// beforehand, at places that the program keeps track of. Reads and writes are plain, as ours are;
// Atomics has no doubles, so an atomic addition is a loop over their bits.
import { List } from './list.mjs';

const numbers = new Float64Array(new SharedArrayBuffer(2 ** 21));
const bits = new BigInt64Array(numbers.buffer);
let used = 0;

const scratch = new Float64Array(1);
const scratchBits = new BigInt64Array(scratch.buffer);

class Cell {
  constructor(place) {
    this.place = place;
  }
  obtainValue() {
    return numbers[this.place];
  }
  setValue(value) {
    numbers[this.place] = value;
  }
  add(n) {
    for (;;) {
      const before = Atomics.load(bits, this.place);
      scratchBits[0] = before;
      const value = scratch[0];
      scratch[0] = value + n;
      if (Atomics.compareExchange(bits, this.place, before, scratchBits[0]) === before)
        return value;
    }
  }
}

/** A number that threads add to. */
export const newCounter = () => new Int32Array(new SharedArrayBuffer(4));
export const counterHandle = ({ buffer }) => buffer;
export const openCounter = (buffer) => {
  const counter = new Int32Array(buffer);
  return { add: (n) => Atomics.add(counter, 0, n) };
};
export const countOf = (counter) => Atomics.load(counter, 0);

export function newNumber(value) {
  const cell = new Cell(used++);
  cell.setValue(value);
  return cell;
}

/** A row of two places. Texts have none. */
class Point {
  constructor(place) {
    this.place = place;
  }
  get x() {
    return numbers[this.place];
  }
  set x(value) {
    numbers[this.place] = value;
  }
  get y() {
    return numbers[this.place + 1];
  }
  set y(value) {
    numbers[this.place + 1] = value;
  }
}

export function newPoint(x, y) {
  const point = new Point(used);
  used += 2;
  point.x = x;
  point.y = y;
  return point;
}

export const iterable = ({ items }) => items;

export function vectorFrom(source) {
  const items = new Float64Array(new SharedArrayBuffer(source.length * 8));
  items.set(source);
  return new List(items);
}
export const drop = () => {};
