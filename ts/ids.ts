import type { Native } from '../types/native';
import { SharedHeapError, describe } from './errors';

declare const brand: unique symbol;

/** Names of the types of objects in the heap, as `typeOf` gives them. */
export type TypeName = keyof Native['types'];

/**
 * The id of an object of type `T`: a safe integer, valid in every thread of the process, that may be
 * posted, stored and compared. An id is never given to another object while the process lives.
 */
export type Id<T extends TypeName = TypeName> = number & { readonly [brand]: T };

/** A plain number, or the id of a `T`, but not the id of anything else. */
type IdNumber<T extends TypeName> = number & { readonly [brand]?: T };

/** What parameters take as an id: the number itself, or anything that has it as its `id`. */
export type IdLike<T extends TypeName = TypeName> = IdNumber<T> | { readonly id: IdNumber<T> };

/** The number in an `IdLike`; whether it names a live object is checked by the addon. */
export function toId(value: unknown, wanted: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && value !== null && 'id' in value) {
    const { id } = value;
    if (typeof id === 'number') return id;
  }
  const hint =
    value === undefined
      ? '; only a call without any argument creates an object, so check where the id comes from'
      : '; to store a value use from() or share()';
  throw new SharedHeapError(
    'ERR_INVALID_ID',
    `${wanted} takes the id of an object, a number or { id }, got ${describe(value)}${hint}`,
  );
}
