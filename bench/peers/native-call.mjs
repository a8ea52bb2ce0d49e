// What Node-API itself costs: a function that returns the same text, with nothing behind it.
import { createRequire } from 'node:module';
import { bareAddon } from '../native/build.mjs';

const bare = createRequire(import.meta.url)(bareAddon);

class Text {
  obtainValue() {
    return bare.text();
  }
  setValue() {}
}
export const newString = () => new Text();

class Point {
  get label() {
    return bare.text();
  }
  set label(text) {}
}
export const newPoint = () => new Point();

class Cell {
  constructor(value) {
    this.value = value;
  }
  obtainValue() {
    return bare.number(this.value);
  }
}
export const newNumber = (value) => new Cell(value);

/** No lock, only a call. */
export const newLock = () => ({
  lock(fn) {
    bare.number(1);
    return fn();
  },
});

/** No lookup, only the transfer: a number and the key in, a number out. */
class Lookup {
  get(key) {
    return bare.lookup(1, key);
  }
}
export const mapFrom = () => new Lookup();
export const dropMap = () => {};
