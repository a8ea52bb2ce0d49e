// StructFactory infers everything from the shape literal.
import { expectTypeOf } from 'expect-type';
import type { Ref, SharedValue, Struct, StructValues } from 'shared-heap';
import { MapRef, NumberRef, StringRef, StructDefinition, StructFactory } from 'shared-heap';

const Point = new StructFactory({ x: 'number', y: 'number' });
const Item = new StructFactory({
  name: 'string',
  size: 'number',
  ready: 'boolean',
  hash: 'bigint',
  owner: 'ref',
  extra: 'any',
  source: StringRef,
  counts: MapRef<string, number>,
  origin: Point,
  drop: 'number',
});

const item = Item.new({ name: 'a', size: 1, origin: Point.new({ x: 1 }) });
expectTypeOf(item.name).toEqualTypeOf<string>();
expectTypeOf(item.size).toEqualTypeOf<number>();
expectTypeOf(item.ready).toEqualTypeOf<boolean>();
expectTypeOf(item.hash).toEqualTypeOf<bigint>();
expectTypeOf(item.owner).toEqualTypeOf<Ref | null>();
expectTypeOf(item.extra).toEqualTypeOf<SharedValue>();
expectTypeOf(item.source).toEqualTypeOf<StringRef | null>();
expectTypeOf(item.counts).toEqualTypeOf<MapRef<string, number> | null>();
expectTypeOf(item.origin?.x).toEqualTypeOf<number | undefined>();

// Fields can be written with what they hold.
item.size = 5;
item.source = StringRef.from('text').move();
// @ts-expect-error the size is a number
item.size = '5';
// @ts-expect-error the source is a StringRef
item.source = NumberRef.from(5);
// @ts-expect-error an item is not a point
item.origin = item;
// @ts-expect-error there is no such field
item.unknown = 5;

// Several fields at once.
item.update({ size: 5, source: StringRef.from('text').move(), origin: null, drop: 1 });
// @ts-expect-error the size is a number
item.update({ size: '5' });
// @ts-expect-error there is no such field
item.update({ unknown: 5 });
expectTypeOf(item.snapshot().size).toEqualTypeOf<number>();
expectTypeOf(item.snapshot().source).toEqualTypeOf<StringRef | null>();
expectTypeOf(item.snapshot().drop).toEqualTypeOf<number>();
const values: StructValues<{ readonly x: 'number' }> = { x: 1 };
expectTypeOf(values.x).toEqualTypeOf<number>();
Item.new().update(item.snapshot());

// A field named like a member is reached by its key only.
expectTypeOf(item.drop).toEqualTypeOf<() => void>();
expectTypeOf(item.getKey('drop')).toEqualTypeOf<number>();
item.setKey('drop', 5);
// @ts-expect-error the field is a number
item.setKey('drop', '5');
// @ts-expect-error there is no such field
item.getKey('unknown');

// Initial values are checked by name and type; all may be left out.
Item.new();
Item.new({ name: undefined });
// @ts-expect-error the name is a string
Item.new({ name: 5 });
// @ts-expect-error there is no field of this name
Item.new({ nmae: 'a' });
// @ts-expect-error the size is a number
Item.newMany([{ size: 'a' }]);

expectTypeOf(item.obtainValue().name).toEqualTypeOf<string>();
expectTypeOf(item.obtainValue().source).toEqualTypeOf<string | null>();
expectTypeOf(item.obtainValue().origin).toEqualTypeOf<{ x: number; y: number } | null>();
expectTypeOf(item.getValue('origin')).toEqualTypeOf<{ x: number; y: number } | null>();

expectTypeOf(Point.attach(342)).toEqualTypeOf<
  Struct<{ readonly x: 'number'; readonly y: 'number' }>
>();
expectTypeOf(Point.adopt(342).retain().x).toEqualTypeOf<number>();
// @ts-expect-error the id of a string is not one of a struct
Point.attach(StringRef.from('a').id);

// @ts-expect-error there is no such field type
new StructFactory({ a: 'int' });

// The names of the original package.
const Foo = new StructDefinition({ key_1: 'string', key_2: 'number' });
const foo = Foo.new_proxy({ key_1: 'foo', key_2: 42 });
foo.key_1 = 'bar';
expectTypeOf(foo.key_1).toEqualTypeOf<string>();

// Structs are values of containers like other refs.
const points = new MapRef<string, ReturnType<typeof Point.new>>();
points.set('a', Point.new().move());
expectTypeOf(points.get('a')?.x).toEqualTypeOf<number | undefined>();
