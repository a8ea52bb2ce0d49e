// Methods that return promises, in each state of their ref and with every bad argument: they reject
// with what their synchronous counterparts throw (matrix.test.ts, bad-input.test.ts), and never throw.
import { NumberRef, refFromId } from 'shared-heap';
import { expectNothingWaits } from '../workers/thread';
import { blocked, checkHeap, own } from './support';
import type { Code } from './support';
import { bad, picture } from './support-bad';
import { common, goodArguments, nameOf, subjects } from './support-methods';
import type { Method } from './support-methods';

checkHeap();
afterEach(expectNothingWaits);

const rows = subjects.flatMap((subject) =>
  [...subject.methods, ...common]
    .filter(({ isAsync }) => isAsync)
    .map((method) => [`${subject.name} ${nameOf(method)}`, subject, method] as const),
);

function functionOf({ key }: Method, ref: unknown): (...args: unknown[]) => unknown {
  return (ref as Record<string | symbol, (...args: unknown[]) => unknown>)[key]!;
}

/** What a method's promise comes to; of an asynchronous iterator its first value. */
async function run(method: Method, ref: unknown, args = goodArguments(method)): Promise<unknown> {
  const result = functionOf(method, ref).apply(ref, args);
  if (method.key === Symbol.asyncIterator) return (result as AsyncGenerator).next();
  expect(result).toBeInstanceOf(Promise);
  return result;
}

/** Expects that a promise is rejected, as `blocked` expects it of a call. */
async function rejected(promise: Promise<unknown>, code: Code | 'TypeError'): Promise<void> {
  const [outcome] = await Promise.allSettled([promise]);
  blocked(() => {
    if (outcome.status === 'rejected') throw outcome.reason as Error;
  }, code as Code);
}

test('there are some', () => {
  expect(rows.length).toBeGreaterThan(2);
});

describe.each(rows)('%s', (_, subject, method) => {
  test('alive, owning and borrowed: fulfilled', async () => {
    const ref = own(subject.make());
    await run(method, ref);
    await run(method, refFromId(ref));
  });

  test('finished: rejected', async () => {
    const other = own(subject.make());
    const ref = other.retain();
    ref.drop();
    await rejected(run(method, ref), 'ERR_USE_AFTER_FREE');
  });

  test('the object dead: rejected', async () => {
    const ref = subject.make();
    refFromId(ref).drop();
    await rejected(run(method, ref), 'ERR_USE_AFTER_FREE');
  });

  test('on what is no ref, or another: rejected', async () => {
    const fn = functionOf(method, own(subject.make()));
    for (const other of [undefined, null, {}, 1]) {
      await rejected(run(method, { [method.key]: fn.bind(other) }), 'ERR_INVALID_ARG_TYPE');
    }
    if (common.includes(method)) return; // all refs have it
    const number = own(NumberRef.from(1));
    await rejected(run(method, { [method.key]: fn.bind(number) }), 'ERR_TYPE_MISMATCH');
  });

  test('a bad argument: rejected, nothing changed', async () => {
    for (const [at, [kind]] of method.parameters.entries()) {
      for (const [what, value, code] of bad[kind](subject.name)) {
        const ref = subject.make();
        const args = goodArguments(method);
        args[at] = value;
        const before = picture(ref);
        try {
          await rejected(run(method, ref, args), code);
        } catch (error) {
          throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
        }
        expect([what, picture(ref)]).toEqual([what, before]);
        ref.drop();
      }
    }
  });
});
