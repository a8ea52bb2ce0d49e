// What ts/native.ts exports where there is no addon: modules can read its constants while they are
// loaded, and whatever the first use is, it comes to a call of the addon.
import type { Native } from '../types/native';

const NONE = Object.freeze({});
// As a constant that is 0, whatever its name.
const ZEROS = new Proxy(NONE, { get: () => 0 });
// Classes are told apart by their tags, whichever these are.
const TAGS = new Proxy<Record<string, number>>(
  {},
  { get: (tags, name: string) => (tags[name] ??= Object.keys(tags).length + 1) },
);

const constants: Partial<Record<keyof Native, unknown>> = {
  fast: undefined,
  fastResult: new Float64Array(2),
  REF: NONE,
  refIds: new Float64Array(1),
  refTypes: new Uint8Array(1),
  refShapes: new Uint32Array(1),
  refMoves: new Uint8Array(1),
  lockAnswer: new Float64Array(4),
  lockKinds: ZEROS,
  lockStates: ZEROS,
  tokens: new Uint32Array(1),
  setBusyHandler: () => undefined, // nothing will be busy
  numbers: new Float64Array(1),
  out: new Float64Array(4),
  absence: Int32Array.of(1),
  batch: 1,
  types: TAGS,
  modes: ZEROS,
  fieldTypes: ZEROS,
  limits: ZEROS,
  layout: ZEROS,
};

/** An addon whose every function throws what `refusal` makes. */
export function standIn(refusal: () => Error): Native {
  const refuse = (): never => {
    throw refusal();
  };
  const get = (_: object, name: keyof Native): unknown =>
    Object.hasOwn(constants, name) ? constants[name] : refuse;
  return new Proxy(NONE, { get }) as Native;
}
