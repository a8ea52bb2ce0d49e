import { types } from 'node:util';
import { invalidArgType, isIterable } from './errors';
import { isPrimitive, unsupportedValue } from './marshal';
import { isPlainObject } from './plain';
import type { MapKey } from './values';

/** What a `MapRef` can be filled from: a `Map`, an iterable of pairs, or a plain object. */
export type MapSource<K extends MapKey, V> =
  Iterable<readonly [K, V]> | (string extends K ? Readonly<Record<string, V>> : never);

/** The entries of a source, read at once, before anything is written. */
export interface Entries {
  readonly keys: MapKey[];
  readonly values: unknown[];
  readonly fromObject: boolean;
}

export function readEntries(source: unknown): Entries {
  const keys: MapKey[] = [];
  const values: unknown[] = [];
  const add = (key: unknown, value: unknown): void => {
    if (!isPrimitive(key)) throw unsupportedValue(key, ' as a key');
    keys.push(key);
    values.push(value);
  };
  if (types.isMap(source)) {
    Map.prototype.forEach.call(source, (value, key) => {
      add(key, value);
    });
    return { keys, values, fromObject: false };
  }
  if (isIterable(source)) {
    for (const entry of source) {
      if (typeof entry !== 'object' || entry === null) {
        throw invalidArgType('each entry', 'a pair [key, value]', entry);
      }
      add((entry as unknown[])[0], (entry as unknown[])[1]);
    }
    return { keys, values, fromObject: false };
  }
  if (!isPlainObject(source)) {
    throw invalidArgType('entries', 'a Map, an iterable of pairs or a plain object', source);
  }
  for (const key of Object.keys(source)) add(key, source[key]);
  return { keys, values, fromObject: true };
}
