import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  BufferRef,
  MapRef,
  NumberRef,
  QueueRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  share as shareValue,
} from '../../dist/index.mjs';

export { BufferRef, MapRef, NumberRef, QueueRef, StringRef, StructFactory, VectorRef, heap };

export const drop = (ref) => ref.drop();
export function dropAll(made) {
  if (Array.isArray(made)) made.forEach(drop);
  else made.drop();
}

export const newMap = () => new MapRef();
export const dropMap = drop;
export const inBatch = (work) => work();
export const mapFrom = (source) => MapRef.from(source);
export const mapFromObject = mapFrom;
export const getMany = (map, keys) => map.getMany(keys);
export const setMany = (map, source) => map.setMany(source);

export const newNumber = (value) => NumberRef.from(value);
export const newString = (text) => StringRef.from(text);
export const newVector = () => new VectorRef();
export const vectorFrom = (source) => VectorRef.from(source);
export const iterable = (vector) => vector;

const Point = new StructFactory({ x: 'number', y: 'number', label: 'string' });
export const newPoint = (x, y, label) => Point.new({ x, y, label });
export const newPoints = (inits) => Point.newMany(inits);

/** Makes structs of a shape of its own. */
export function pointsOf(name) {
  const shape = new StructFactory({ [name]: 'number', x: 'number', y: 'number' });
  return (x, y) => shape.new({ x, y });
}

export const share = (value) => shareValue(value);
export const obtain = (ref) => ref.obtainValue();

/** A number that threads add to. */
export const newCounter = () => new NumberRef();
export const counterHandle = ({ id }) => id;
export const openCounter = (id) => new NumberRef(id);
export const countOf = (counter) => counter.obtainValue();

export const newLock = () => new MapRef();

/** What is posted to a worker, and what the worker makes of it. */
export const handle = (map) => map.id;
export const fromHandle = (id) => new MapRef(id);

export const storeTexts = (texts) => texts.map((text) => StringRef.from(text).id);
export const obtainTexts = (ids) => ids.map((id) => new StringRef(id).obtainValue());

/**
 * That many objects. Another thread makes them: 10,000,000 short-lived refs would change the size of
 * this thread's young generation, whatever they refer to. Some are used here, for what that sets up.
 */
export async function keepAlive(count) {
  const worker = new Worker(new URL('../workers/live.mjs', import.meta.url), {
    workerData: { count },
  });
  const [[ids]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  const numbers = ids.map((id) => new NumberRef(id));
  for (const number of numbers) number.setValue(number.obtainValue() + 0.5);
  return { size: heap.stats().objects, numbers };
}
