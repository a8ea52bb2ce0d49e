import { invalidArgType, readAll } from './errors';
import type { IdLike } from './ids';
import { checkValues, finishAllMoved, settleMoved, toValues } from './marshal';
import { openNamed } from './names';
import { native } from './native';
import { isPlainObject } from './plain';
import { acquire, adopt, newOwner } from './ref';
import { tagOfClass } from './registry';
import type { ShapeInfo } from './shapes';
import { fieldOf, requireFieldValues, shapeInfo } from './shapes';
import type { FieldValue, Shape, Struct, StructClass } from './struct-ref';
import { classOfShape } from './struct-class';

const { batch, fieldTypes } = native;

/** Values to make a struct with; a field left out, or undefined, has its default. */
export type StructInit<S extends Shape> = {
  readonly [F in keyof S]?: FieldValue<S[F]> | undefined;
};

/**
 * Makes structs of one shape: `new StructFactory({ name: 'string', size: 'number' })`.
 *
 * Field types and their defaults: `'string'` `''`, `'number'` 0, `'boolean'` false, `'bigint'` 0n,
 * `'any'` undefined; `'ref'` for any ref, a ref class for refs of that class, another factory for
 * structs of its shape, all three null. Factories of the same names and types in the same order, in
 * whatever thread, make structs of the same type. A shape stays in the heap while the process lives.
 */
export class StructFactory<const S extends Shape> {
  readonly #shape: ShapeInfo;
  readonly #class: StructClass<S>;

  /** @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE` for too many fields */
  constructor(shape: S) {
    if (!isPlainObject(shape)) {
      throw invalidArgType('shape', 'a plain object of field names and types', shape);
    }
    const names = Object.keys(shape);
    const fields = names.map((name) => StructFactory.#parseField(name, shape[name]));
    const id = native.shapeDefine(
      names,
      fields.map(({ type }) => type),
      fields.map(({ detail }) => detail),
    );
    this.#shape = shapeInfo(id);
    this.#class = classOfShape(id) as StructClass<S>;
  }

  /**
   * A new struct, owned by the ref. Refs marked by `move()` give it their claims.
   * @throws `ERR_UNKNOWN_FIELD`, `ERR_INVALID_ARG_TYPE` or `ERR_TYPE_MISMATCH` if a value is not of
   * its field's type, `ERR_HEAP_FULL`
   */
  new(init?: StructInit<S>): Struct<S> {
    const values: unknown[] = [];
    this.#readInit(init, values);
    checkValues(values);
    const { id } = this.#shape;
    const record = native.recordNew(id, ...toValues(values, 0, values.length, true));
    finishAllMoved(values);
    return newOwner(this.#class, record);
  }

  /** The same as `new`: every struct ref has its fields as properties. */
  newProxy(init?: StructInit<S>): Struct<S> {
    return this.new(init);
  }

  /** The same as `new`. */
  new_proxy(init?: StructInit<S>): Struct<S> {
    return this.new(init);
  }

  /** `new` for each of these, several times faster; all or none. */
  newMany(inits: Iterable<StructInit<S>>): Struct<S>[] {
    const { id, names } = this.#shape;
    const values: unknown[] = [];
    let count = 0;
    for (const init of readAll(inits, 'inits')) {
      this.#readInit(init, values);
      count += 1;
    }
    const moving = checkValues(values);
    const perCall = Math.floor(batch / Math.max(1, names.length));
    const made: Struct<S>[] = [];
    try {
      while (made.length < count) {
        const piece = Math.min(perCall, count - made.length);
        const start = made.length * names.length;
        const marshalled = toValues(values, start, start + piece * names.length, false);
        for (const record of native.recordNewMany(id, piece, ...marshalled)) {
          made.push(newOwner(this.#class, record));
        }
      }
    } catch (error) {
      for (const struct of made) struct[Symbol.dispose]();
      throw error;
    }
    settleMoved(moving);
    return made;
  }

  /** A ref that borrows. @throws `ERR_TYPE_MISMATCH` for a struct of another shape */
  attach(id: IdLike<'StructRef'>): Struct<S> {
    return new this.#class(id);
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  adopt(id: IdLike<'StructRef'>): Struct<S> {
    return adopt(this.attach(id));
  }

  /** Attaches with a claim of its own. */
  acquire(id: IdLike<'StructRef'>): Struct<S> {
    return acquire(this.attach(id));
  }

  /** The struct of a name, made with these values if the name is free. The ref borrows. */
  named(name: string, init?: StructInit<S>): Struct<S> {
    return openNamed(name, this.#class, () => this.new(init));
  }

  /** Appends the values for all fields, undefined for what `init` has not. */
  #readInit(init: unknown, values: unknown[]): void {
    const shape = this.#shape;
    const start = values.length;
    for (let i = 0; i < shape.names.length; i++) values.push(undefined);
    if (init === undefined) return;
    requireFieldValues(init, 'init');
    for (const name of Object.keys(init)) values[start + fieldOf(shape, name)] = init[name];
  }

  static #parseField(name: string, type: unknown): { type: number; detail: number } {
    if (typeof type === 'string' && SIMPLE_TYPES.has(type)) {
      return { type: fieldTypes[type as keyof typeof fieldTypes], detail: 0 };
    }
    const tag = tagOfClass(type);
    if (tag !== undefined) return { type: fieldTypes.typed, detail: tag };
    if (typeof type === 'object' && type !== null && #shape in type) {
      return { type: fieldTypes.shaped, detail: type.#shape.id };
    }
    const expected = `one of ${[...SIMPLE_TYPES].join(', ')}, a ref class or a StructFactory`;
    throw invalidArgType(`the type of field ${JSON.stringify(name)}`, expected, type);
  }
}

/** Field types given by name. */
const SIMPLE_TYPES: ReadonlySet<string> = new Set([
  'string',
  'number',
  'boolean',
  'bigint',
  'ref',
  'any',
]);

export { StructFactory as StructDefinition };
