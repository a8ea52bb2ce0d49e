// Declarations use Symbol.dispose, which libraries up to es2024 do not have.
/// <reference lib="esnext.disposable" preserve="true" />
export { BufferRef } from './buffer-ref';
export type { Bytes } from './buffer-ref';
export { SharedHeapError } from './errors';
export { configure, heap } from './heap';
export type { HeapOptions, HeapStats, HeapVerification } from './heap';
export type { Id, IdLike, TypeName } from './ids';
export { lockAll } from './lock-all';
export type { LockInfo, LockOptions } from './lock';
export { MapRef } from './map-ref';
export type { MapSource } from './map-source';
export { names } from './names';
export { isSupported } from './native';
export { NumberRef } from './number-ref';
export { QueueRef } from './queue-ref';
export { Ref } from './ref';
export { refFromId, typeOf } from './registry';
export type { HeapLeaks, HeapReport, HeapSite, HeapTally } from './report';
export type { HeapScope } from './scope';
export { share } from './share';
export type {
  PlainShared,
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
export type {
  FieldType,
  FieldValue,
  PlainStruct,
  RefField,
  Shape,
  Struct,
  StructUpdate,
  StructValues,
} from './struct-ref';
export type { MapKey, Plain, PlainMap, Primitive, SharedValue } from './values';
export { VectorRef } from './vector-ref';
export type { WaitOptions } from './wait';
export type { Watch, WatchOptions } from './watch';
