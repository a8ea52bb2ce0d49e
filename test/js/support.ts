// What the API tests share: refs that go with their test, errors by code, counts, child processes.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Ref, SharedHeapError, heap, names } from 'shared-heap';
import type { Native } from '../../types/native';

export type Heap = typeof import('shared-heap');

/** The addon as the package under test has loaded it. */
export const { native } = jest.requireActual<{ native: Native }>('../../dist/native.js');

const { path: find } = jest.requireActual<{ path: (folder: string) => string }>('node-gyp-build');

export const packageFolder = join(__dirname, '..', '..');
export const commonJsFile = join(packageFolder, 'dist', 'index.js');
export const esmFile = join(packageFolder, 'dist', 'index.mjs');
/** What the package loads: built here, or one of prebuilds/. */
export const addonFile = find(packageFolder);

const owned: Ref[] = [];

/** A ref whose claim, if it still has one then, is given up after the test. */
export function own<R extends Ref>(ref: R): R {
  owned.push(ref);
  return ref;
}

/** `own` for the refs among what was taken out of a container. */
export function ownRefs(...values: unknown[]): void {
  for (const value of values) if (value instanceof Ref) own(value);
}

/** To be called once in a file: each test must leave as many objects as it found, and a sound heap. */
export function checkHeap(): void {
  let before = 0;
  beforeEach(() => {
    before = heap.stats().objects;
  });
  afterEach(() => {
    for (const ref of owned.splice(0)) ref[Symbol.dispose]();
    for (const name of names.keys()) names.delete(name);
    expect(heap.stats().objects).toBe(before);
  });
  afterAll(expectSound);
}

export function expectSound(): void {
  expect(heap.verify()).toMatchObject({ ok: true, quiescent: true, problems: [] });
}

/** Bytes that live objects use. */
export function liveBytes(): number {
  return heap.stats().liveBytes;
}

/** [claims, holds] of an object. */
export function counts(ref: Ref): number[] {
  return [...native.counts(ref.id)];
}

export type Code =
  | 'ERR_USE_AFTER_FREE'
  | 'ERR_TYPE_MISMATCH'
  | 'ERR_INVALID_ID'
  | 'ERR_NO_CLAIM'
  | 'ERR_UNSUPPORTED_VALUE'
  | 'ERR_HEAP_FULL'
  | 'ERR_UNKNOWN_FIELD'
  | 'ERR_CONFLICT'
  | 'ERR_LOCKED'
  | 'ERR_DEADLOCK'
  | 'ERR_TIMEOUT'
  | 'ERR_QUEUE_CLOSED'
  | 'ERR_ALREADY_CONFIGURED'
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_OUT_OF_RANGE';

function classOf(code: Code): new (...args: never[]) => Error {
  if (code === 'ERR_INVALID_ARG_TYPE') return TypeError;
  return code === 'ERR_OUT_OF_RANGE' ? RangeError : SharedHeapError;
}

export function thrownBy(run: () => unknown): Error & { code?: string } {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  }
  throw new Error(`nothing was thrown, the result is ${typeof result}`);
}

/** Expects an error of this code, of the class that goes with it. */
export function blocked(run: () => unknown, code: Code, message?: RegExp): void {
  const error = thrownBy(run);
  if (error.code !== code) {
    throw new Error(`expected ${code}, got ${String(error.code)}: ${String(error.stack)}`);
  }
  expect(error).toBeInstanceOf(classOf(code));
  if (message !== undefined) expect(error.message).toMatch(message);
}

/** Expects that nothing is thrown; the result. */
export function allowed<R>(run: () => R): R {
  return run();
}

export interface ChildOptions {
  env?: Record<string, string>;
  flags?: string[];
}

interface Outcome {
  result?: unknown;
  error?: { name: string; code?: string; message: string };
}

/** Runs a function, which sees nothing but its arguments, in a process of its own. */
export function inChild<A extends unknown[], R>(
  script: (heap: Heap, ...args: A) => R | Promise<R>,
  args: A,
  options: ChildOptions = {},
): R {
  const { result, error } = outcomeInChild(script, args, options);
  if (error !== undefined) throw new Error(`in the child process: ${JSON.stringify(error)}`);
  return result as R;
}

/** As `inChild`, for a script that may throw. */
export function outcomeInChild<A extends unknown[], R>(
  script: (heap: Heap, ...args: A) => R | Promise<R>,
  args: A,
  options: ChildOptions = {},
): Outcome {
  const source = `
    const finish = (outcome) => process.stdout.write(JSON.stringify(outcome));
    const fail = (error) => finish({ error: { name: error.name, code: error.code, message: String(error.stack) } });
    try {
      Promise.resolve((${script.toString()})(require(${JSON.stringify(commonJsFile)}), ...${JSON.stringify(args)}))
        .then((result) => finish({ result }), fail);
    } catch (error) { fail(error); }`;
  return JSON.parse(runNode([...(options.flags ?? []), '-e', source], options.env)) as Outcome;
}

/** What a Node.js process prints; one that ends by a signal or with an error fails the test. */
export function runNode(args: string[], env: Record<string, string> = {}): string {
  const child = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
    timeout: 120_000,
  });
  if (child.status !== 0) {
    const end = child.signal ?? `status ${String(child.status)}`;
    throw new Error(`the child process ended with ${end}: ${child.stderr.slice(-4000)}`);
  }
  return child.stdout;
}

/** Lengths at which containers and calls change how they work. */
export const chunkLengths = [0, 1, 255, 256, 511, 512, 513, 1023, 1024, 1025, 5000];

/** Texts that differ in where and how they are kept: length, latin1 or UTF-16, lone surrogates. */
export const textLengths = [0, 1, 5, 6, 7, 8, 15, 16, 17, 65_535];
const units = ['a', '\u0000', '\u00ff', '\u0100', '\u20ac', '\ud800', '\udfff', '\uffff'];
export const texts: readonly string[] = [
  ...textLengths.flatMap((length) => units.map((unit) => unit.repeat(length))),
  ...textLengths.filter((n) => n > 1).map((n) => 'x'.repeat(n - 1) + '\ud83d'),
  '\ud83d\ude00',
  '\ude00\ud83d',
  '__proto__',
  'constructor',
  'toString',
];

export const numbers: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e308,
  5e-324,
  Infinity,
  -Infinity,
  NaN,
];

export const bigints: readonly bigint[] = [
  0n,
  1n,
  -1n,
  2n ** 63n,
  2n ** 64n,
  -(2n ** 64n),
  2n ** 64n - 1n,
  2n ** 400n,
  -(2n ** 5000n),
];

export const primitives: readonly (undefined | null | boolean | number | string | bigint)[] = [
  undefined,
  null,
  true,
  false,
  ...numbers,
  ...bigints,
  ...texts,
];
