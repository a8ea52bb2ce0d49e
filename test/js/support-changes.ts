// What changes an object, in any of the ways there are: for tests of those who are told of changes.
import { MapRef, NumberRef, StringRef, StructFactory, VectorRef } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { Thread, until } from '../workers/thread';
import { native, own } from './support';

export const Point = new StructFactory({ x: 'number', on: 'boolean', text: 'string', any: 'any' });

/** By type: what makes an object, and calls that change it. */
const changes: [string, () => Ref, Record<string, (ref: any) => unknown>][] = [
  ['StringRef', () => StringRef.from('text'), {
    setValue: (ref: StringRef) => ref.setValue('other'),
    compareExchange: (ref: StringRef) => ref.compareExchange('text', 'other'),
  }],
  ['NumberRef', () => NumberRef.from(1), {
    setValue: (ref: NumberRef) => ref.setValue(2),
    add: (ref: NumberRef) => ref.add(1),
    sub: (ref: NumberRef) => ref.sub(1),
    exchange: (ref: NumberRef) => ref.exchange(5),
    compareExchange: (ref: NumberRef) => ref.compareExchange(1, 2),
  }],
  ['MapRef', () => MapRef.from<any>({ a: 1 }), {
    set: (ref: MapRef) => ref.set('a', 2),
    'set of a new key': (ref: MapRef) => ref.set('b', 'text'),
    add: (ref: MapRef<any, any>) => ref.add('a', 1),
    setMany: (ref: MapRef) => ref.setMany({ a: 3, b: 4 }),
    getOrInsert: (ref: MapRef) => ref.getOrInsert('new', 1),
    getOrInsertComputed: (ref: MapRef) => ref.getOrInsertComputed('new', () => 1),
    compareExchange: (ref: MapRef) => ref.compareExchange('a', 1, 2),
    delete: (ref: MapRef) => ref.delete('a'),
    take: (ref: MapRef) => ref.take('a'),
    clear: (ref: MapRef) => ref.clear(),
  }],
  ['VectorRef', () => VectorRef.from<any>([3, 1, 2]), {
    push: (ref: VectorRef) => ref.push(1),
    unshift: (ref: VectorRef) => ref.unshift(1),
    pop: (ref: VectorRef) => ref.pop(),
    shift: (ref: VectorRef) => ref.shift(),
    setAt: (ref: VectorRef) => ref.setAt(0, 'text'),
    removeAt: (ref: VectorRef) => ref.removeAt(0),
    splice: (ref: VectorRef) => ref.splice(0, 1, 7),
    fill: (ref: VectorRef) => ref.fill(0),
    reverse: (ref: VectorRef) => ref.reverse(),
    sort: (ref: VectorRef) => ref.sort(),
    clear: (ref: VectorRef) => ref.clear(),
  }],
  ['StructRef', () => Point.new({ x: 1 }), {
    'number field': (ref) => (ref.x = 2),
    'boolean field': (ref) => (ref.on = true),
    'text field': (ref) => (ref.text = 'other'),
    'any field': (ref) => (ref.any = null),
    'setKey of a number': (ref) => ref.setKey('x', 5),
  }],
];
export const changeRows = changes.flatMap(([type, make, list]) =>
  Object.entries(list).map(([name, change]) => [`${type} ${name}`, make, change] as const),
);


/**
 * Has a thread store 1, 2, ... to one number after the other, in a loop that V8 has compiled and that
 * calls nothing; `follow` is called in the middle of each, and must come back because `isDone`.
 */
export async function expectLastStoreSeen(
  make: () => Ref,
  follow: (ref: Ref, isDone: () => boolean) => Promise<void>,
): Promise<void> {
  const numbers = 40;
  const last = 100_000;
  const refs = Array.from({ length: numbers }, () => own(make()));
  const cells = new Int32Array(new SharedArrayBuffer(4)); // how many the thread may begin
  const storing = new Thread().run(
    ({ refFromId, NumberRef }, ids, mayBegin, highest) => {
      const storeAll = (ref: any): void => {
        if (ref instanceof NumberRef) for (let n = 1; n <= highest; n++) ref.setValue(n);
        else for (let n = 1; n <= highest; n++) ref.x = n;
      };
      ids.forEach((id, i) => {
        for (let now = 0; now <= i; now = Atomics.load(mayBegin, 0)) Atomics.wait(mayBegin, 0, now);
        storeAll(refFromId(id));
      });
    },
    refs.map((ref) => ref.id as number),
    cells,
    last,
  );
  const valueOf = (ref: any): number => (ref instanceof NumberRef ? ref.obtainValue() : ref.x) as number;
  for (const [i, ref] of refs.entries()) {
    Atomics.store(cells, 0, i + 1);
    Atomics.notify(cells, 0);
    await until(() => valueOf(ref) > 0);
    await follow(ref, () => valueOf(ref) === last);
  }
  await storing;
}

/** Whether the direct view is there, without which nobody stores behind the addon's back. */
export const hasView = native.viewWindow(0) !== undefined;

/**
 * A store that has passed its check: a thread is in the middle of one to a NumberRef, and makes it when
 * the returned function is called. It then does not come by again before the test ends.
 */
export async function beginStore(number: NumberRef, value: number): Promise<() => void> {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const { slots, slotWords, payload } = native.layout;
  await new Thread().begin(
    ({ NumberRef, require }, signal, id, place, stored, go) => {
      const window = new Float64Array(require('../../../dist/native.js').native.viewWindow(0));
      const target = new NumberRef(id);
      target.setValue(target.obtainValue()); // makes the thread one that may be storing
      signal();
      Atomics.wait(go, 0, 0);
      window[place] = stored;
      Atomics.wait(go, 0, 1);
    },
    number.id as number,
    (slots + (number.id % 2 ** 32) * slotWords + payload) / 2,
    value,
    cell,
  );
  return () => {
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
  };
}
