import { inspect } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import type { IdLike } from './ids';
import { inspectStruct } from './inspect';
import {
  checkValues,
  finishAllMoved,
  finishMoved,
  out,
  outAll,
  outOwned,
  toValue,
  toValues,
} from './marshal';
import { native } from './native';
import { obtain, obtainElement } from './obtain';
import type { PlainObject } from './plain';
import { setOwn } from './plain';
import { Ref, idOf } from './ref';
import { registerClass } from './registry';
import type { ShapeInfo } from './shapes';
import { fieldOf, requireFieldValues } from './shapes';
import type { StructFactory } from './struct-factory';
import type { Plain, SharedValue, Untyped } from './values';

const { numbers } = native;

/** What the fields of a struct can be: see `StructFactory`. */
export type FieldType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'bigint'
  | 'ref'
  | 'any'
  | (abstract new (...args: never) => Ref)
  | StructFactory<Untyped>;

/** The fields of a struct, in order. */
export type Shape = Readonly<Record<string, FieldType>>;

/** What a field of this type holds. */
export type FieldValue<F> = F extends 'string'
  ? string
  : F extends 'number'
    ? number
    : F extends 'boolean'
      ? boolean
      : F extends 'bigint'
        ? bigint
        : F extends 'ref'
          ? Ref | null
          : F extends 'any'
            ? SharedValue
            : F extends StructFactory<infer S>
              ? Struct<S> | null
              : F extends abstract new (...args: never) => infer R
                ? R | null
                : never;

/** Names of fields that have no accessor because the ref has a member of that name. */
type Member =
  | keyof StructRef
  | 'constructor'
  | 'hasOwnProperty'
  | 'isPrototypeOf'
  | 'propertyIsEnumerable'
  | 'toLocaleString'
  | 'toString'
  | 'valueOf'
  | `__${string}__`;

/** A struct ref with its fields as properties; those named like a member only by getKey/setKey. */
export type Struct<S extends Shape> = StructRef<S> & {
  -readonly [F in keyof S as F extends Member ? never : F]: FieldValue<S[F]>;
};

/** The fields of a struct with what they hold. */
export type StructValues<S extends Shape> = { -readonly [F in keyof S]: FieldValue<S[F]> };

/** New values for some fields of a struct. */
export type StructUpdate<S extends Shape> = Readonly<Partial<StructValues<S>>>;

/** The plain copy of a struct. */
export type PlainStruct<S extends Shape> = { -readonly [F in keyof S]: Plain<FieldValue<S[F]>> };

/** Key of a generated class's prototype under which it keeps its shape. */
export const SHAPE = Symbol('shape');

/**
 * A shared record with the fields of a `StructFactory`, which makes and attaches to them: fields are
 * properties, and `getKey` and `setKey` reach those whose names are taken by members. A struct holds
 * the objects that its fields refer to. Reading or writing a field takes O(1) and is one step to
 * other threads.
 */
export abstract class StructRef<S extends Shape = Untyped> extends Ref<'StructRef'> {
  declare readonly [SHAPE]: ShapeInfo;

  protected constructor(...args: unknown[]) {
    if (new.target === StructRef) withoutFactory();
    super('StructRef', args, withoutFactory);
  }

  /** The value of a field; a ref borrows. @throws `ERR_UNKNOWN_FIELD` */
  getKey<F extends keyof S & string>(field: F): FieldValue<S[F]> {
    const id = idOf(this);
    const shape = this[SHAPE];
    return out(native.recordGet(id, shape.id, fieldOf(shape, field))) as FieldValue<S[F]>;
  }

  /**
   * Sets a field and releases its former value. A ref marked by `move()` gives its claim to the
   * struct and is finished; any other keeps its claim.
   * @throws `ERR_UNKNOWN_FIELD`, `ERR_INVALID_ARG_TYPE` or `ERR_TYPE_MISMATCH` if the value is not of
   * the field's type, `ERR_HEAP_FULL`
   */
  setKey<F extends keyof S & string>(field: F, value: FieldValue<S[F]>): void {
    const id = idOf(this);
    const shape = this[SHAPE];
    native.recordSet(id, shape.id, fieldOf(shape, field), toValue(value, 0));
    finishMoved(value);
  }

  /** As `getKey`, in one step with `retain`: a ref owns a claim, and you drop it. */
  acquire<F extends keyof S & string>(field: F): FieldValue<S[F]> {
    const id = idOf(this);
    const shape = this[SHAPE];
    return outOwned(native.recordAcquire(id, shape.id, fieldOf(shape, field))) as FieldValue<S[F]>;
  }

  /** As `getKey`, without refs: texts and numbers as their values, other objects as plain copies. */
  getValue<F extends keyof S & string>(field: F): Plain<FieldValue<S[F]>> {
    const id = idOf(this);
    const shape = this[SHAPE];
    const at = fieldOf(shape, field);
    const value = native.recordGetValue(id, shape.id, at);
    const plain =
      value === native.REF
        ? obtainElement(id, () => native.recordGetValue(id, shape.id, at))
        : value;
    return plain as Plain<FieldValue<S[F]>>;
  }

  /**
   * Sets several fields in one step to other threads, all or none; moved refs as in `setKey`. The
   * values are read and checked before the first is set.
   * @throws as `setKey`
   */
  update(values: StructUpdate<S>): void {
    const id = idOf(this);
    const shape = this[SHAPE];
    requireFieldValues(values, 'values');
    const names = Object.keys(values);
    const all = names.map((name) => values[name]);
    const fields = names.map((name) => fieldOf(shape, name));
    checkValues(all);
    numbers.set(fields);
    native.recordUpdate(id, shape.id, ...toValues(all, 0, all.length, true));
    finishAllMoved(all);
  }

  /**
   * All fields in one step to other threads, as a plain object of what `getKey` gives: refs borrow.
   * No `update` is seen half done. Of numbers and booleans that others set one by one meanwhile each
   * is the one before or the one after.
   */
  snapshot(): StructValues<S> {
    const id = idOf(this);
    const { id: shape, names } = this[SHAPE];
    const values = outAll(native.recordRead(id, shape, native.modes.borrow));
    const copy: PlainObject = {};
    names.forEach((name, field) => {
      setOwn(copy, name, values[field]);
    });
    return copy as StructValues<S>;
  }

  /**
   * A deep plain copy: an object, texts and numbers as their values, and so on downwards. What is
   * reached twice is one copy, cycles included. The fields of each struct are read in one step.
   * @throws `ERR_CONFLICT` if other threads keep dropping parts of it meanwhile
   */
  obtainValue(): PlainStruct<S> {
    const id = idOf(this);
    return obtain(id, native.types.StructRef, this[SHAPE].id, false) as PlainStruct<S>;
  }

  override toJSON(): unknown {
    return obtain(idOf(this), native.types.StructRef, this[SHAPE].id, true);
  }

  [inspect.custom](depth: number, options: InspectOptionsStylized): string {
    return inspectStruct(this, this[SHAPE].id, depth, options);
  }
}

/** Class of the structs of a shape. */
export type StructClass<S extends Shape> = new (id: IdLike<'StructRef'>) => Struct<S>;

function withoutFactory(): never {
  throw Object.assign(
    new TypeError('structs are made by new() and attached to by attach(id) of their StructFactory'),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );
}

registerClass('StructRef', StructRef);
