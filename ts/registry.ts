// From what the addon says of an object (type tag, shape) to a ref of the right class.
//
// The classes register themselves: this file imports none of them, so that all of them can use it.
import type { TypeName } from './ids';
import { toId } from './ids';
import { native } from './native';
import type { Made, Ref } from './ref';
import { BORROWED } from './ref';

type RefMaker = new (id: number, made: Made) => Ref;

const makers: (RefMaker | undefined)[] = [];
let makerOfShape: (shape: number) => RefMaker;

const typeNames: (TypeName | undefined)[] = [];
for (const [name, tag] of Object.entries(native.types)) typeNames[tag] = name as TypeName;

/** Makes a class the one for refs of its type. */
export function registerClass(type: TypeName, cls: { readonly prototype: object }): void {
  makers[native.types[type]] = cls as unknown as RefMaker;
  Object.defineProperty(cls.prototype, Symbol.toStringTag, { value: type, configurable: true });
}

/** Struct classes are made per shape. */
export function registerShapes(classOfShape: (shape: number) => unknown): void {
  makerOfShape = classOfShape as (shape: number) => RefMaker;
}

/** The type tag of a ref class, or undefined for any other value. */
export function tagOfClass(cls: unknown): number | undefined {
  const tag = makers.indexOf(cls as RefMaker);
  return tag === -1 ? undefined : tag;
}

/** A ref to an object that is known to be of this type. */
export function makeRef(id: number, type: number, shape: number, made: Made): Ref {
  const cls = type === native.types.StructRef ? makerOfShape(shape) : makers[type];
  return new (cls as RefMaker)(id, made);
}

/** The ref that the addon returned as value number `place`. */
export function refAt(place: number, made: Made): Ref {
  const { refIds, refTypes, refShapes } = native;
  return makeRef(
    refIds[place] as number,
    refTypes[place] as number,
    refShapes[place] as number,
    made,
  );
}

/**
 * A borrowing ref of the right class for the object of an id, whatever its type.
 * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`
 */
export function refFromId(id: number | { readonly id: number }): Ref {
  const checked = toId(id, 'refFromId()');
  const type = native.attach(checked, 0);
  return makeRef(checked, type, native.refShapes[0] as number, BORROWED);
}

/** `'StringRef'`, `'MapRef'`..., or undefined if that is not the id of a live object. Never throws. */
export function typeOf(id: unknown): TypeName | undefined {
  try {
    const isHolder = typeof id === 'object' && id !== null && 'id' in id;
    return typeNames[native.typeOf(isHolder ? id.id : id)];
  } catch {
    return undefined; // a getter or proxy that throws
  }
}
