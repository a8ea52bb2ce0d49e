// Ids, single values and ownership.
import { expectTypeOf } from 'expect-type';
import type { Id, Ref, TypeName } from 'shared-heap';
import { BufferRef, MapRef, NumberRef, StringRef, VectorRef, refFromId, typeOf } from 'shared-heap';

const text = StringRef.from('text');
const count = NumberRef.from(1);
const map = new MapRef<string, number>();

// An id says whose it is and is still a number.
expectTypeOf(text.id).toEqualTypeOf<Id<'StringRef'>>();
expectTypeOf(text.id).toExtend<number>();

// Constructors take plain numbers, ids and refs of their type, and nothing else.
new StringRef();
new StringRef(342);
new StringRef({ id: 342 });
new StringRef(text.id);
new StringRef(text);
// @ts-expect-error the id of a map is not one of a string
new StringRef(map.id);
// @ts-expect-error nor is a map
new StringRef(map);
// @ts-expect-error only a call without argument creates
new StringRef(undefined);
// @ts-expect-error null is not an id either
new StringRef(null);
// @ts-expect-error ids are not strings
new StringRef('342');
// @ts-expect-error the id of a number is not one of a vector
VectorRef.adopt(count.id);
// @ts-expect-error a map is not a buffer
BufferRef.acquire(map);

// Ids cannot be written.
// @ts-expect-error the id is read-only
text.id = count.id;

// Values are typed.
expectTypeOf(text.obtainValue()).toEqualTypeOf<string>();
expectTypeOf(text.compareExchange('a', 'b')).toEqualTypeOf<string>();
expectTypeOf(count.add(1)).toEqualTypeOf<number>();
// @ts-expect-error the text of a StringRef is a string
text.setValue(5);
// @ts-expect-error no conversion takes place
NumberRef.from('5');
expectTypeOf(BufferRef.alloc(8).view()).toEqualTypeOf<ArrayBuffer>();
BufferRef.from(new Float64Array(2));
BufferRef.from(new SharedArrayBuffer(2));
// @ts-expect-error an array has no bytes
BufferRef.from([1, 2]);

// Ownership keeps the type.
expectTypeOf(text.retain()).toEqualTypeOf<StringRef>();
expectTypeOf(map.move()).toEqualTypeOf<MapRef<string, number>>();
expectTypeOf(MapRef.adopt<string, number>(342)).toEqualTypeOf<MapRef<string, number>>();
{
  using scoped = StringRef.from('gone at the end of the block');
  expectTypeOf(scoped).toEqualTypeOf<StringRef>();
}

// A plain { id } is not a ref.
// @ts-expect-error it has the shape and not the brand
expectTypeOf({ id: 342 }).toExtend<Ref>();
expectTypeOf(text).toExtend<Ref>();
expectTypeOf(refFromId(342)).toEqualTypeOf<Ref>();
expectTypeOf(typeOf('anything')).toEqualTypeOf<TypeName | undefined>();
