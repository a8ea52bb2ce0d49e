// Deep plain copies of what is reachable from an object.
//
// There is no recursion: each object found is read at once, all of it, and what it refers to is put
// on a stack to be read later. So a chain of a million maps takes memory, not stack. An object
// found twice gives one copy, which keeps sharing and cycles.
import type { Key, Value } from '../types/native';
import { retryWhileChanging } from './errors';
import { MapWalk } from './map-walk';
import { native } from './native';
import type { PlainObject } from './plain';
import { setOwn } from './plain';
import { shapeInfo } from './shapes';
import { VectorWalk } from './vector-walk';

const { REF, batch, modes, refIds, refShapes, refTypes, types } = native;

/** An object found and not yet read. */
class Found {
  constructor(
    readonly id: number,
    readonly type: number,
    readonly shape: number,
  ) {}
}

/** Where the copy of an object belongs. */
interface Gap {
  into: unknown[] | Map<Key, unknown> | PlainObject;
  key: Key;
  found: Found;
}

/**
 * The plain copy of an object; with `json`, in the form that `toJSON` gives it.
 * @throws `ERR_CONFLICT` if other threads drop parts of it again and again meanwhile
 */
export function obtain(id: number, type: number, shape: number, json: boolean): unknown {
  return retryWhileChanging(
    `the object ${id}`,
    () => native.typeOf(id) !== 0,
    () => new Copier(json).copy(new Found(id, type, shape)),
  );
}

/** For an element that `read` has found to be a ref: its plain copy. `owner` is its container. */
export function obtainElement(owner: number, read: () => Value): unknown {
  return retryWhileChanging(
    `an element of the object ${owner}`,
    () => native.typeOf(owner) !== 0,
    () => {
      const value = read();
      return value === REF ? new Copier(false).copy(foundAt(0)) : value;
    },
  );
}

class Copier {
  readonly #json: boolean;
  readonly #copies = new Map<number, unknown>();
  readonly #gaps: Gap[] = [];

  constructor(json: boolean) {
    this.#json = json;
  }

  copy(root: Found): unknown {
    const result = this.#copyOf(root);
    for (let gap = this.#gaps.pop(); gap !== undefined; gap = this.#gaps.pop()) {
      put(gap.into, gap.key, this.#copyOf(gap.found));
    }
    return result;
  }

  #copyOf(found: Found): unknown {
    const known = this.#copies.get(found.id);
    if (known !== undefined) return known;
    const copy = this.#read(found);
    this.#copies.set(found.id, copy);
    return copy;
  }

  #read({ id, type, shape }: Found): unknown {
    switch (type) {
      case types.StringRef:
        return native.stringGet(id);
      case types.NumberRef:
        return native.numberGet(id);
      case types.BufferRef:
        return this.#json ? Array.from(new Uint8Array(native.bytesCopy(id))) : native.bytesCopy(id);
      case types.VectorRef:
        return this.#readVector(id);
      case types.QueueRef:
        return this.#readQueue(id);
      case types.MapRef:
        return this.#readMap(id);
      default:
        return this.#readStruct(id, shape);
    }
  }

  #readVector(id: number): unknown[] {
    const copy: unknown[] = [];
    const walk = new VectorWalk(id, modes.deref, findRefs);
    for (let i = 0; walk.at(i); i++) copy.push(this.#leave(copy, i, walk.value));
    return copy;
  }

  #readQueue(id: number): unknown[] {
    const copy: unknown[] = [];
    for (;;) {
      const piece = findRefs(native.queueRead(id, copy.length, batch, modes.deref));
      for (const value of piece) copy.push(this.#leave(copy, copy.length, value));
      if (piece.length < batch) return copy;
    }
  }

  #readMap(id: number): unknown {
    const keys: Key[] = [];
    const values: unknown[] = [];
    const walk = new MapWalk(id, modes.deref, findRefs);
    try {
      while (walk.advance()) {
        keys.push(walk.key);
        values.push(walk.value);
      }
    } finally {
      walk.close();
    }
    const hasTextKeys = keys.every((key) => typeof key === 'string');
    if (hasTextKeys && (this.#json || native.mapFromObject(id))) {
      return this.#toObject(keys, values);
    }
    return this.#json ? this.#toPairs(keys, values) : this.#toMap(keys, values);
  }

  #readStruct(id: number, shape: number): PlainObject {
    const { names } = shapeInfo(shape);
    return this.#toObject(names, findRefs(native.recordRead(id, shape, modes.deref)));
  }

  #toObject(keys: readonly string[], values: unknown[]): PlainObject {
    const copy: PlainObject = {};
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      setOwn(copy, key, this.#leave(copy, key, values[i]));
    }
    return copy;
  }

  #toMap(keys: Key[], values: unknown[]): Map<Key, unknown> {
    const copy = new Map<Key, unknown>();
    for (let i = 0; i < keys.length; i++) copy.set(keys[i], this.#leave(copy, keys[i], values[i]));
    return copy;
  }

  #toPairs(keys: Key[], values: unknown[]): unknown[] {
    return keys.map((key, i) => {
      const pair: unknown[] = [key];
      pair.push(this.#leave(pair, 1, values[i]));
      return pair;
    });
  }

  /** What to store now: the value, or for an object undefined, which keeps its place. */
  #leave(into: Gap['into'], key: Key, value: unknown): unknown {
    if (!(value instanceof Found)) return value;
    this.#gaps.push({ into, key, found: value });
    return undefined;
  }
}

function foundAt(place: number): Found {
  return new Found(refIds[place] as number, refTypes[place] as number, refShapes[place] as number);
}

/** In place: the refs of a chunk. */
function findRefs(values: unknown[]): unknown[] {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === REF) values[i] = foundAt(i);
  }
  return values;
}

function put(into: Gap['into'], key: Key, value: unknown): void {
  if (Array.isArray(into)) into[key as number] = value;
  else if (into instanceof Map) into.set(key, value);
  else setOwn(into, key as string, value);
}
