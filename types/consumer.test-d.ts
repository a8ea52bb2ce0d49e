// A program without @types/node and with no library but es2022: the declarations bring what they need.
import { MapRef, StringRef, StructFactory, VectorRef, heap, share } from 'shared-heap';

const map: MapRef<string, number> = MapRef.from({ a: 1 });
const total: number = [...map.values()].reduce((a, b) => a + b, 0);
const first: string | undefined = VectorRef.from(['a']).at(0);
const Point = new StructFactory({ x: 'number', next: StringRef });
const x: number = Point.new({ x: 1 }).x;
const port: number | undefined = share({ port: 8080 }).get('port');
const objects: number = heap.stats().objects;
export const results = { total, first, x, port, objects };

{
  using scoped = StringRef.from('gone at the end of the block');
  scoped.setValue('b');
}
// @ts-expect-error nothing of Node.js is known here
process.exit();
