// The classes of struct refs: one for each shape, with its fields as accessors.
//
// Their source is written out for each shape. Functions shared by all shapes would also share what
// V8 learns of the classes they see, and after four of them it gives up: a number field then takes
// 34 ns instead of 4.5 (Node 20, eight shapes; bench/cases/struct.mjs). Where code may not be made
// from strings, accessors are calls of getKey and setKey.
import { SharedHeapError } from './errors';
import { finishMoved, out, toValue } from './marshal';
import { native } from './native';
import { FORGET, idOf, isMade } from './ref';
import { registerShapes } from './registry';
import type { ShapeInfo } from './shapes';
import { shapeInfo } from './shapes';
import type { StructClass } from './struct-ref';
import { SHAPE, StructRef } from './struct-ref';
import type { Untyped } from './values';
import {
  NEVER,
  UNSTABLE,
  fieldsStart,
  fieldsWindow,
  isStill,
  isVersion,
  locateFields,
  placeOf,
  stayOnline,
  versionAt,
  wordOf,
  writeField,
} from './view';

const { fieldTypes } = native;

const classes = new Map<number, StructClass<Untyped>>();

/** The class that all refs to structs of a shape have in this thread, made when first needed. */
export function classOfShape(shape: number): StructClass<Untyped> {
  let cls = classes.get(shape);
  if (cls === undefined) {
    cls = makeClass(shapeInfo(shape));
    classes.set(shape, cls);
  }
  return cls;
}

function makeClass(shape: ShapeInfo): StructClass<Untyped> {
  const cls = generate(shape) ?? compose(shape);
  Object.defineProperty(cls, 'name', { value: 'StructRef' });
  Object.defineProperty(cls.prototype, SHAPE, { value: shape });
  for (const name of shape.names) {
    const accessors = Object.getOwnPropertyDescriptor(cls.prototype, name);
    if (accessors?.get !== undefined) {
      Object.defineProperty(cls.prototype, name, { ...accessors, enumerable: true });
    }
  }
  return cls as unknown as StructClass<Untyped>;
}

type AnyClass = abstract new (...args: unknown[]) => StructRef;

/** Names that refs have already get no accessor. */
function isFree(name: string): boolean {
  return name !== 'id' && !(name in StructRef.prototype);
}

/** @throws `ERR_TYPE_MISMATCH` unless the struct that was just attached to has this shape */
function checkShape(id: number, { id: shape, names }: ShapeInfo): void {
  if (native.refShapes[0] === shape) return;
  throw new SharedHeapError(
    'ERR_TYPE_MISMATCH',
    `the struct ${id} is of another shape than { ${names.join(', ')} }`,
  );
}

/** What the source of a class refers to, but for its shape. */
const scope = {
  FORGET,
  NEVER,
  StructRef,
  UNSTABLE,
  checkShape,
  fieldsStart,
  fieldsWindow,
  finishMoved,
  idOf,
  isMade,
  isStill,
  isVersion,
  locateFields,
  native,
  out,
  placeOf,
  stayOnline,
  toValue,
  typeTag: native.types.StructRef,
  versionAt,
  wordOf,
  writeField,
};

/** The class of a shape made from source; undefined where that is forbidden. */
function generate(shape: ShapeInfo): AnyClass | undefined {
  const source = `'use strict'; return ${classSource(shape)}`;
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- names are quoted, the rest is ours
    const make = new Function('shape', ...Object.keys(scope), source) as (
      ...values: unknown[]
    ) => AnyClass;
    return make(shape, ...Object.values(scope));
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

// A struct whose fields cannot be viewed has slot 0, which is never alive: all goes to the addon.
function classSource(shape: ShapeInfo): string {
  const texts = shape.types.flatMap((type, field) => (type === fieldTypes.string ? [field] : []));
  return `class extends StructRef {
    #slot; #word; #window; #start;
    ${texts.map((field) => `#text${field} = ''; #version${field} = UNSTABLE;`).join(' ')}
    constructor(...args) {
      super(...args);
      if (!isMade(args[1])) checkShape(this.id, shape);
      const slot = placeOf(this.id);
      this.#word = wordOf(this.id, typeTag);
      const location = locateFields(slot, this.#word, ${shape.id}, ${shape.doubles});
      this.#slot = location === -1 && ${shape.doubles} > 0 ? 0 : slot;
      this.#window = fieldsWindow(location);
      this.#start = fieldsStart(location);
    }
    [FORGET]() {
      this.#word = NEVER;
      ${texts.map((field) => `this.#text${field} = '';`).join(' ')}
    }
    ${shape.names.map((name, field) => (isFree(name) ? fieldSource(shape, field) : '')).join('')}
  }`;
}

function fieldSource(shape: ShapeInfo, field: number): string {
  const name = JSON.stringify(shape.names[field]);
  switch (shape.types[field]) {
    case fieldTypes.number:
      return doubleSource(shape, field, name, { test: 'number', get: 'value', set: 'value' });
    case fieldTypes.boolean: // kept as 0 or 1
      return doubleSource(shape, field, name, {
        test: 'boolean',
        get: 'value !== 0',
        set: 'value ? 1 : 0',
      });
    case fieldTypes.string:
      return textSource(shape.id, field, name);
    default:
      return `get [${name}]() { return out(native.recordGet(idOf(this), ${shape.id}, ${field})); }
      set [${name}](value) {
        native.recordSet(idOf(this), ${shape.id}, ${field}, toValue(value, 0));
        finishMoved(value);
      }`;
  }
}

/** Through the view where it can tell; the addon does the same, and knows what errors to throw. */
function doubleSource(
  shape: ShapeInfo,
  field: number,
  name: string,
  as: { test: string; get: string; set: string },
): string {
  const at = `this.#start + ${shape.places[field]}`;
  return `get [${name}]() {
      if (#slot in this) {
        const value = this.#window[${at}];
        if (isStill(this.#slot, this.#word, value)) return ${as.get};
      }
      return native.recordGet(idOf(this), ${shape.id}, ${field});
    }
    set [${name}](value) {
      if (#slot in this && typeof value === '${as.test}') {
        if (writeField(this.#slot, this.#word, this.#window, ${at}, ${as.set})) return;
      }
      native.recordSet(idOf(this), ${shape.id}, ${field}, toValue(value, 0));
    }`;
}

/** A text is returned again as long as the struct's version stays the same: see StringRef. */
function textSource(shape: number, field: number, name: string): string {
  return `get [${name}]() {
      if (!(#slot in this)) return native.recordGet(idOf(this), ${shape}, ${field});
      if (isVersion(this.#slot, this.#word, this.#version${field})) return this.#text${field};
      this.#version${field} = UNSTABLE;
      this.#text${field} = '';
      stayOnline();
      const version = versionAt(this.#slot, this.#word);
      const text = native.recordGet(idOf(this), ${shape}, ${field});
      if (version !== UNSTABLE && versionAt(this.#slot, this.#word) === version) {
        this.#version${field} = version;
        this.#text${field} = text;
      }
      return text;
    }
    set [${name}](value) { native.recordSet(idOf(this), ${shape}, ${field}, toValue(value, 0)); }`;
}

/** The class of a shape without made code. */
function compose(shape: ShapeInfo): AnyClass {
  const cls = class extends StructRef {
    constructor(...args: unknown[]) {
      super(...args);
      // With a second argument of ours the id comes from the addon, which told the shape with it.
      if (!isMade(args[1])) checkShape(this.id, shape);
    }
  };
  for (const name of shape.names.filter(isFree)) {
    Object.defineProperty(cls.prototype, name, {
      get(this: StructRef) {
        return this.getKey(name);
      },
      set(this: StructRef, value: never) {
        this.setKey(name, value);
      },
      configurable: true,
    });
  }
  return cls;
}

registerShapes(classOfShape);
