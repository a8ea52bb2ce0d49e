// Methods that return promises, from the same tables as bad-input.test.ts and matrix.test.ts: what
// they do not take, and every state of a ref, is told by a rejection, never by a throw.
import { SharedHeapError, VectorRef, refFromId } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { expectNothingWaits } from '../workers/thread';
import { checkHeap, own } from './support';
import type { Code } from './support';
import { bad, picture } from './support-bad';
import { asyncMethods, goodArguments, nameOf, subjects } from './support-methods';
import type { Method } from './support-methods';

checkHeap();
afterEach(expectNothingWaits);

const rows = subjects.flatMap((subject) =>
  asyncMethods.map((method) => [`${subject.name} ${nameOf(method)}`, subject, method] as const),
);

function start(method: Method, ref: unknown, args: readonly unknown[]): Promise<unknown> {
  const fn = (refMethods as any)[method.key] as (...given: unknown[]) => Promise<unknown>;
  return fn.apply(ref, [...args]);
}
const refMethods = VectorRef.prototype;

async function rejection(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  expect(typeof promise.then).toBe('function');
  const reason: unknown = await promise.then(
    (result) => {
      throw new Error(`resolved with ${String(result)}`);
    },
    (error: unknown) => error,
  );
  expect(reason).toBeInstanceOf(Error);
  return reason as Error;
}

async function refused(promise: Promise<unknown>, code: Code): Promise<void> {
  const error = await rejection(promise);
  if (error.code !== code) throw error;
  const classes = new Map<Code, typeof TypeError>([
    ['ERR_INVALID_ARG_TYPE', TypeError],
    ['ERR_OUT_OF_RANGE', RangeError],
  ]);
  expect(error).toBeInstanceOf(classes.get(code) ?? SharedHeapError);
}

describe.each(rows)('%s', (_, { make, name }, method) => {
  const good = goodArguments(method);

  test('works on owning and borrowing refs', async () => {
    const ref = own(make());
    for (const each of [ref, refFromId(ref)]) {
      await expect(start(method, each, good)).resolves.toBeDefined();
    }
  });

  test('bad arguments change nothing', async () => {
    for (const [at, [kind]] of method.parameters.entries()) {
      const list = bad[kind](name);
      expect(list.length).toBeGreaterThan(2);
      for (const [what, value, code] of list) {
        const ref = make();
        const before = picture(ref);
        const args = [...good];
        args[at] = value;
        await refused(start(method, ref, args), code as Code).catch((cause: unknown) => {
          throw new Error(`parameter ${at}, ${what}`, { cause });
        });
        expect(picture(ref)).toBe(before);
        ref.drop();
      }
    }
  });

  test('finished, moved, dead: ERR_USE_AFTER_FREE', async () => {
    const other = own(make());
    const dropped = other.retain();
    dropped.drop();
    const disposed = refFromId(other);
    disposed[Symbol.dispose]();
    const moved = make();
    own(VectorRef.from([moved.move()]));
    const dead = make();
    refFromId(dead).drop();
    for (const ref of [dropped, disposed, moved, dead]) {
      await refused(start(method, ref, good), 'ERR_USE_AFTER_FREE');
    }
  });

  test('the object dead and its slot used again: the new object untouched', async () => {
    const ref = make();
    refFromId(ref).drop();
    let successor: Ref | undefined;
    for (let i = 0; i < 3000 && successor === undefined; i++) {
      const next = own(make());
      if (next.id % 2 ** 32 === ref.id % 2 ** 32) successor = next;
    }
    const before = picture(successor);
    expect(successor).toBeDefined();
    await refused(start(method, ref, good), 'ERR_USE_AFTER_FREE');
    expect(picture(successor)).toBe(before);
  });

  test('on what is no ref', async () => {
    const ref = own(make());
    for (const other of [undefined, null, {}, { id: ref.id }, 1, Object.create(ref)]) {
      await refused(start(method, other, good), 'ERR_INVALID_ARG_TYPE');
    }
  });
});
