import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  share as shareValue,
} from '../../dist/index.mjs';

export const title = 'shared-heap';
export { BufferRef, MapRef, NumberRef, StringRef, StructFactory, VectorRef, heap };

export const newMap = () => new MapRef();
export const drop = (ref) => ref.drop();
export const dropMap = drop;
export const inBatch = (work) => work();
export const mapFrom = (source) => MapRef.from(source);
export const getMany = (map, keys) => map.getMany(keys);

export const newNumber = (value) => NumberRef.from(value);
export const newString = (text) => StringRef.from(text);
export const newVector = () => new VectorRef();

const Point = new StructFactory({ x: 'number', y: 'number', label: 'string' });
export const newPoint = (x, y, label) => Point.new({ x, y, label });

export const share = (value) => shareValue(value);
export const obtain = (ref) => ref.obtainValue();

/** What is posted to a worker, and what the worker makes of it. */
export const handle = (map) => map.id;
export const fromHandle = (id) => new MapRef(id);
