import { SharedHeapError, invalidArgType } from './errors';
import { native } from './native';
import { isRef } from './ref';

/** The fields of a struct shape, as this thread keeps them. */
export interface ShapeInfo {
  readonly id: number;
  readonly names: readonly string[];
  readonly types: readonly number[];
  /** Of a number or boolean among those of the struct; -1 for other fields. */
  readonly places: readonly number[];
  /** How many numbers and booleans there are. */
  readonly doubles: number;
  readonly fieldByName: ReadonlyMap<string, number>;
}

const infos = new Map<number, ShapeInfo>();

/** The fields of a shape, wherever it was defined; asked of the addon once. */
export function shapeInfo(shape: number): ShapeInfo {
  let info = infos.get(shape);
  if (info === undefined) {
    const { names, types, places } = native.shapeInfo(shape);
    const fieldByName = new Map(names.map((name, field) => [name, field] as const));
    const doubles = places.filter((place) => place !== -1).length;
    info = { id: shape, names, types, places, doubles, fieldByName };
    infos.set(shape, info);
  }
  return info;
}

/** Whether a value can be an object with fields as its properties. */
export function requireFieldValues(
  value: unknown,
  parameter: string,
): asserts value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isRef(value)) {
    throw invalidArgType(parameter, 'an object of field values', value);
  }
}

/** @throws `ERR_UNKNOWN_FIELD` */
export function fieldOf(info: ShapeInfo, name: unknown): number {
  const field = info.fieldByName.get(name as string);
  if (field !== undefined) return field;
  const fields = info.names.length === 0 ? 'none' : info.names.join(', ');
  throw new SharedHeapError(
    'ERR_UNKNOWN_FIELD',
    `the struct has no field ${JSON.stringify(String(name))}; its fields are: ${fields}`,
  );
}
