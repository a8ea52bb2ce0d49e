import { SharedHeapError } from './errors';
import { finishMoved, out, outOwned, toValue, unsupportedValue } from './marshal';
import { native } from './native';
import type { Ref, RefClass } from './ref';
import { isRef } from './ref';

/**
 * Names for objects, known in every thread: a worker needs no message to find what it shares. A name
 * holds its object as a container does.
 */
export const names = {
  /** Lets a name stand for an object and releases what it stood for. A moved ref gives its claim. */
  set(name: string, ref: Ref): void {
    if (!isRef(ref)) throw unsupportedValue(ref);
    native.namesSet(name, toValue(ref, 0));
    finishMoved(ref);
  },

  /** A ref that borrows, or undefined: if others may delete or reset the name, use `acquire`. */
  get(name: string): Ref | undefined {
    return out(native.namesGet(name)) as Ref | undefined;
  },

  /** As `get`, in one step with `retain`: the caller drops the ref. */
  acquire(name: string): Ref | undefined {
    return outOwned(native.namesAcquire(name)) as Ref | undefined;
  },

  /** Frees a name and releases its object; false if there was no such name. */
  delete(name: string): boolean {
    return native.namesDelete(name);
  },

  /**
   * All names in the order they were set. Not one step: names that other threads set or delete
   * meanwhile may or may not be among them.
   */
  keys(): string[] {
    for (;;) {
      const keys = readKeys();
      if (keys !== undefined) return keys;
    }
  },
};

/** All names, or undefined if their table was rebuilt between two chunks. */
function readKeys(): string[] | undefined {
  const limit = native.batch / 2;
  const keys: string[] = [];
  let position = 0;
  let table = 0;
  for (;;) {
    const entries = native.namesRead(position, table, limit);
    if (native.out[2] === 1) return undefined;
    if (entries.length === 0) return keys;
    for (let i = 0; i < entries.length; i += 2) keys.push(entries[i] as string);
    position = native.out[0] as number;
    table = native.out[1] as number;
  }
}

/**
 * The object of a name, as a ref that borrows; made by `create` if the name is free. When several
 * threads do that at once they all get the object of one of them, and the others' are dropped.
 * @throws `ERR_TYPE_MISMATCH` if the name stands for something else
 */
export function openNamed<R extends Ref>(name: string, cls: RefClass<R>, create: () => R): R {
  const present = names.get(name);
  if (present !== undefined) return checkClass(name, present, cls);
  const made = create();
  try {
    const winner = native.namesGetOrInsert(name, toValue(made.move(), 0));
    if (native.out[0] === 1) finishMoved(made);
    return checkClass(name, out(winner) as Ref, cls);
  } finally {
    made[Symbol.dispose](); // nobody's if another thread was first or the call failed
  }
}

function checkClass<R extends Ref>(name: string, ref: Ref, cls: RefClass<R>): R {
  if (ref instanceof cls) return ref;
  const found = ref.constructor.name;
  throw new SharedHeapError(
    'ERR_TYPE_MISMATCH',
    `the name ${JSON.stringify(name)} stands for ` +
      (found === cls.name ? `a ${found} of another shape` : `a ${found}, not a ${cls.name}`),
  );
}
