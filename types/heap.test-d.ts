import { expectTypeOf } from 'expect-type';
import type { HeapLeaks, HeapReport, HeapScope, Id } from 'shared-heap';
import { MapRef, heap } from 'shared-heap';

const scope = heap.scope();
expectTypeOf(scope).toEqualTypeOf<HeapScope>();
expectTypeOf(scope.keep(new MapRef<string, number>())).toEqualTypeOf<MapRef<string, number>>();
// @ts-expect-error -- an id is no ref
scope.keep(1);
// @ts-expect-error -- scopes are opened, not constructed with a callback
heap.scope(() => undefined);

expectTypeOf(heap.leaks()).toEqualTypeOf<HeapLeaks>();
expectTypeOf(heap.leaks().sites[0]?.cycles.example).toEqualTypeOf<Id | undefined>();

expectTypeOf(heap.report()).toEqualTypeOf<string>();
expectTypeOf(heap.report({})).toEqualTypeOf<string>();
expectTypeOf(heap.report({ format: 'text' })).toEqualTypeOf<string>();
expectTypeOf(heap.report({ format: 'json' })).toEqualTypeOf<HeapReport>();
// @ts-expect-error -- no such format
heap.report({ format: 'xml' });
