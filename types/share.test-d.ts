// share() is typed by what it is given, and gives it back as plain data.
import { expectTypeOf } from 'expect-type';
import type { SharedArray, SharedObject } from 'shared-heap';
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  share,
} from 'shared-heap';

// Single values; those that only a container can hold have no ref of their own.
expectTypeOf(share('text')).toEqualTypeOf<StringRef>();
expectTypeOf(share(5)).toEqualTypeOf<NumberRef>();
expectTypeOf(share(true)).toBeNever();
expectTypeOf(share(new Uint8Array(2))).toEqualTypeOf<BufferRef>();

// Objects know the type of each key, at any depth.
const config = share({
  port: 8080,
  hosts: ['a.example', 'b.example'],
  limits: { rate: 10, burst: [1, 2] },
  names: new Map([[1, { first: 'a' }]]),
  bytes: new Uint8Array(2),
  nothing: null,
});
expectTypeOf(config.get('port')).toEqualTypeOf<number | undefined>();
expectTypeOf(config.get('hosts')?.at(-1)).toEqualTypeOf<string | undefined>();
expectTypeOf(config.get('limits')?.get('burst')?.at(0)).toEqualTypeOf<number | undefined>();
expectTypeOf(config.get('names')?.get(1)?.get('first')).toEqualTypeOf<string | undefined>();
expectTypeOf(config.get('bytes')).toEqualTypeOf<BufferRef | undefined>();
expectTypeOf(config.get('nothing')).toEqualTypeOf<null | undefined>();
expectTypeOf(config.acquire('limits')?.get('rate')).toEqualTypeOf<number | undefined>();
expectTypeOf(config.take('port')).toEqualTypeOf<number | undefined>();
config.set('port', 8081).set('hosts', share(['c.example']).move());
// @ts-expect-error the port is a number
config.set('port', '8081');
// @ts-expect-error hosts are texts
config.set('hosts', share([1]).move());
// @ts-expect-error there is no such key
config.get('prot');

// Plain copies, all the way down.
expectTypeOf(config.obtainValue()).toEqualTypeOf<{
  port: number;
  hosts: string[];
  limits: { rate: number; burst: number[] };
  names: Map<number, { first: string }>;
  bytes: ArrayBuffer;
  nothing: null;
}>();
expectTypeOf(config.getValue('limits')).toEqualTypeOf<
  { rate: number; burst: number[] } | undefined
>();

// What is shared is a map or vector like any other, and keeps its type.
expectTypeOf(config).toExtend<MapRef>();
expectTypeOf(config.retain().get('port')).toEqualTypeOf<number | undefined>();
const list = share([1, 'a']);
expectTypeOf(list).toEqualTypeOf<SharedArray<number | string>>();
expectTypeOf(list).toExtend<VectorRef<number | string>>();
expectTypeOf(list.obtainValue()).toEqualTypeOf<(number | string)[]>();
expectTypeOf(share(new Map([['a', 1]])).get('a')).toEqualTypeOf<number | undefined>();
expectTypeOf(
  share([[1], [2]])
    .at(0)
    ?.at(0),
).toEqualTypeOf<number | undefined>();
expectTypeOf(share([[1], [2]]).obtainValue()).toEqualTypeOf<number[][]>();

// Refs inside stay what they are, and come out plain.
const Point = new StructFactory({ x: 'number' });
const withRefs = share({ text: StringRef.from('a'), point: Point.new() });
expectTypeOf(withRefs.get('text')).toEqualTypeOf<StringRef | undefined>();
expectTypeOf(withRefs.get('point')?.x).toEqualTypeOf<number | undefined>();
expectTypeOf(withRefs.obtainValue()).toEqualTypeOf<{ text: string; point: { x: number } }>();
expectTypeOf(share(Point.new()).x).toEqualTypeOf<number>();

// Optional and read-only properties.
interface Options {
  readonly name: string;
  size?: number;
}
declare const options: Options;
expectTypeOf(share(options).get('size')).toEqualTypeOf<number | undefined>();
expectTypeOf(share(options).obtainValue()).toEqualTypeOf<{ name: string; size?: number }>();

// Recursive types, and those of nobody knows what.
interface Tree {
  value: number;
  children: Tree[];
}
declare const tree: Tree;
expectTypeOf(share(tree)).toEqualTypeOf<SharedObject<Tree>>();
const child = share(tree).get('children')?.at(0)?.get('children')?.at(0);
expectTypeOf(child).toEqualTypeOf<SharedObject<Tree> | undefined>();
expectTypeOf(share(tree).obtainValue().children[0]?.children[0]?.value).toEqualTypeOf<
  number | undefined
>();
type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
declare const json: Record<string, Json>;
expectTypeOf(share(json).get('a')).toExtend<unknown>();
expectTypeOf(share(json).obtainValue().a).toExtend<unknown>();
expectTypeOf(share(JSON.parse('{}'))).toBeAny();
