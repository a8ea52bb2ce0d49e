// MapRef, VectorRef, QueueRef, names and share.
import { expectTypeOf } from 'expect-type';
import type { Plain, PlainMap, Ref } from 'shared-heap';
import {
  BufferRef,
  MapRef,
  NumberRef,
  QueueRef,
  StringRef,
  VectorRef,
  names,
  share,
} from 'shared-heap';

// Maps.
const sizes = new MapRef<string, number>();
expectTypeOf(sizes.get('a')).toEqualTypeOf<number | undefined>();
expectTypeOf(sizes.set('a', 1)).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(sizes.getOrInsert('a', 1)).toEqualTypeOf<number>();
expectTypeOf([...sizes]).toEqualTypeOf<[string, number][]>();
expectTypeOf(sizes.getMany(['a'])).toEqualTypeOf<(number | undefined)[]>();
expectTypeOf(sizes.update('a', (size) => (size ?? 0) + 1)).toEqualTypeOf<number>();
// @ts-expect-error there may be no size
sizes.update('a', (size) => Math.abs(size));
// @ts-expect-error the values are numbers
sizes.update('a', () => 'b');
// @ts-expect-error the values are numbers
sizes.set('a', 'b');
// @ts-expect-error the keys are strings
sizes.get(5);
// @ts-expect-error keys are primitives
new MapRef<object, number>();
// @ts-expect-error plain objects are shared with share()
new MapRef<string, { a: number }>();

const texts = new MapRef<string, StringRef>();
texts.set('a', StringRef.from('b').move());
expectTypeOf(texts.get('a')).toEqualTypeOf<StringRef | undefined>();
expectTypeOf(texts.getValue('a')).toEqualTypeOf<string | undefined>();
expectTypeOf(texts.take('a')).toEqualTypeOf<StringRef | undefined>();
// @ts-expect-error the values are StringRefs
texts.set('a', 5);

// Without type arguments a map is as in JavaScript.
const untyped = new MapRef();
untyped.set('foo', StringRef.from('Hello World'));
expectTypeOf(untyped.get('foo')).toBeAny();

expectTypeOf(MapRef.from({ a: 1 })).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(MapRef.from(new Map([[1, 'a']]))).toEqualTypeOf<MapRef<number, string>>();
// @ts-expect-error a Date is no value of a container
MapRef.from({ a: new Date() });
expectTypeOf(MapRef.named<string, number>('sizes')).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(MapRef.named('sizes', { a: 1 })).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(MapRef.named('texts', [[1, 'a']])).toEqualTypeOf<MapRef<number, string>>();
expectTypeOf(MapRef.from<string, number>({ a: 1 })).toEqualTypeOf<MapRef<string, number>>();
// @ts-expect-error a Date is no value of a container
MapRef.named('times', { a: new Date() });

// Vectors.
const numbers = VectorRef.from([1, 2, 3]);
expectTypeOf(numbers).toEqualTypeOf<VectorRef<number>>();
expectTypeOf(VectorRef.named('numbers', [1, 2])).toEqualTypeOf<VectorRef<number>>();
expectTypeOf(VectorRef.named<string>('texts')).toEqualTypeOf<VectorRef<string>>();
expectTypeOf(numbers.at(0)).toEqualTypeOf<number | undefined>();
expectTypeOf(numbers.map(String)).toEqualTypeOf<string[]>();
expectTypeOf(numbers.reduce((a, b) => a + b)).toEqualTypeOf<number>();
expectTypeOf(numbers.reduce((a, b) => a + String(b), '')).toEqualTypeOf<string>();
expectTypeOf(numbers.splice(0, 1, 4)).toEqualTypeOf<number[]>();
expectTypeOf(numbers.takeMany(5)).toEqualTypeOf<number[]>();
// @ts-expect-error the elements are numbers
numbers.push('4');
// @ts-expect-error null is no element here
numbers.setAt(0, null);
// @ts-expect-error plain objects are shared with share()
VectorRef.from([{ a: 1 }]);

// Plain copies, all the way down.
expectTypeOf<Plain<VectorRef<VectorRef<NumberRef>>>>().toEqualTypeOf<number[][]>();
expectTypeOf<Plain<MapRef<string, StringRef>>>().toEqualTypeOf<PlainMap<string, StringRef>>();
expectTypeOf(new VectorRef<BufferRef | null>().obtainValue()).toEqualTypeOf<
  (ArrayBuffer | null)[]
>();

// Names hold refs.
names.set('a', numbers);
// @ts-expect-error a name stands for a ref only
names.set('a', 5);
expectTypeOf(names.get('a')).toEqualTypeOf<Ref | undefined>();

// share() gives the container that fits.
expectTypeOf(share('text')).toEqualTypeOf<StringRef>();
expectTypeOf(share(5)).toEqualTypeOf<NumberRef>();
expectTypeOf(share([1, 'a'])).toEqualTypeOf<VectorRef<number | string>>();
expectTypeOf(share(new Uint8Array(2))).toEqualTypeOf<BufferRef>();
expectTypeOf(share(new Map([['a', 1]]))).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(share({ a: 1, b: [1] }).get('a')).toEqualTypeOf<number | VectorRef | undefined>();
expectTypeOf(share(true)).toBeNever();

// Queues.
const jobs = QueueRef.withCapacity<string | StringRef>(5);
expectTypeOf(jobs).toEqualTypeOf<QueueRef<string | StringRef>>();
expectTypeOf(jobs.pop({ timeout: 5 })).toEqualTypeOf<string | StringRef | undefined>();
expectTypeOf(jobs.tryPop()).toEqualTypeOf<string | StringRef | undefined>();
expectTypeOf(jobs.popAsync()).toEqualTypeOf<Promise<string | StringRef | undefined>>();
expectTypeOf(jobs.push('a')).toBeVoid();
expectTypeOf(jobs.tryPush(StringRef.from('a').move())).toEqualTypeOf<boolean>();
expectTypeOf(jobs.pushAsync('a')).toEqualTypeOf<Promise<void>>();
expectTypeOf([...jobs]).toEqualTypeOf<(string | StringRef)[]>();
expectTypeOf(jobs[Symbol.asyncIterator]()).toEqualTypeOf<
  AsyncIterableIterator<string | StringRef>
>();
expectTypeOf(jobs.obtainValue()).toEqualTypeOf<string[]>();
expectTypeOf(QueueRef.named<number>('jobs', 5)).toEqualTypeOf<QueueRef<number>>();
expectTypeOf(QueueRef.adopt<number>(5)).toEqualTypeOf<QueueRef<number>>();
expectTypeOf(new QueueRef().pop()).toBeAny();
// @ts-expect-error the values are texts
jobs.push(5);
// @ts-expect-error how long is told in an object
jobs.pop(5);
// @ts-expect-error the id is a queue's
new VectorRef(jobs.id);
