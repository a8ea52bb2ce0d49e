// Declarations use Symbol.dispose, which libraries up to es2024 do not have.
/// <reference lib="esnext.disposable" preserve="true" />
export { BufferRef } from './buffer-ref';
export type { Bytes } from './buffer-ref';
export { SharedHeapError } from './errors';
export { configure, heap } from './heap';
export type { HeapOptions, HeapReport, HeapStats } from './heap';
export type { Id, IdLike, TypeName } from './ids';
export { MapRef } from './map-ref';
export type { MapSource } from './map-source';
export { names } from './names';
export { NumberRef } from './number-ref';
export { Ref } from './ref';
export { refFromId, typeOf } from './registry';
export { share } from './share';
export type {
  PlainObject,
  Shared,
  SharedArray,
  SharedElement,
  SharedMap,
  SharedObject,
} from './share';
export { StringRef } from './string-ref';
export { StructDefinition, StructFactory } from './struct-factory';
export type { StructInit } from './struct-factory';
export { StructRef, ref } from './struct-ref';
export type { FieldType, FieldValue, PlainStruct, RefField, Shape, Struct } from './struct-ref';
export type { MapKey, Plain, PlainMap, Primitive, SharedValue } from './values';
export { VectorRef } from './vector-ref';
