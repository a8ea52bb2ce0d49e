// What changes an object, in any of the ways there are: for tests of those who are told of changes.
import * as everything from 'shared-heap';
import { NumberRef } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { Thread, until } from '../workers/thread';
import { native, own } from './support';

interface Changes {
  make: () => Ref;
  calls: Record<string, (ref: Ref) => unknown>;
}

export const changesFile = require.resolve('./fixtures/changes.cjs');

const changes =
  jest.requireActual<(heap: object) => Record<string, Changes>>(changesFile)(everything);

export const changeRows = Object.entries(changes).flatMap(([type, { make, calls }]) =>
  Object.entries(calls).map(([name, change]) => [`${type} ${name}`, make, change] as const),
);

export const newStruct = changes.StructRef!.make;

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
  const valueOf = (ref: any): number =>
    (ref instanceof NumberRef ? ref.obtainValue() : ref.x) as number;
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
    number.id,
    (slots + (number.id % 2 ** 32) * slotWords + payload) / 2,
    value,
    cell,
  );
  return () => {
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
  };
}
