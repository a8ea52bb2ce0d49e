// What each kind of parameter refuses, and how: the other half of the tables in support-methods.ts.
import { inspect } from 'node:util';
import { NumberRef, Ref, StringRef, heap, names } from 'shared-heap';
import { blocked, counts, own, thrownBy } from './support';
import type { Code } from './support';
import type { StaticMethod } from './support-methods';

/** A bad argument and its error; 'TypeError' alone where the conversion of the language throws. */
export type Bad = readonly [what: string, value: unknown, code: Code | 'TypeError'];
export type AnyKind = StaticMethod['parameters'][number];

const symbol = Symbol('s');
const fn = (): number => 1;
const BRAND = Symbol.for('shared-heap.ref');
/** A made-up ref, which only claims to be one. */
const forged = (id: unknown): object => ({ id, [BRAND]: () => false });

function finishedRef(): Ref {
  const ref = own(StringRef.from('f')).retain();
  ref.drop();
  return ref;
}

function deadRef(): Ref {
  const ref = StringRef.from('d');
  new StringRef(ref.id).drop();
  return ref;
}

function deadId(): number {
  return deadRef().id;
}

/** Primitives of every type and some objects, without those of the types named. */
export function others(code: Code | 'TypeError', ...without: string[]): Bad[] {
  const all: [string, unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['number', 5],
    ['string', '5'],
    ['boolean', true],
    ['bigint', 1n],
    ['symbol', symbol],
    ['function', fn],
    ['object', {}],
    ['array', []],
    ['Number', new Number(1)],
    ['String', new String('x')],
    ['Date', new Date(0)],
    [
      'Proxy',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('touched');
          },
        },
      ),
    ],
  ];
  return all
    .filter(([what]) => !without.includes(what))
    .map(([what, value]) => [what, value, code]);
}

const badRefs = (): Bad[] => [
  ['a finished ref', finishedRef(), 'ERR_USE_AFTER_FREE'],
  ['a dead ref', deadRef(), 'ERR_USE_AFTER_FREE'],
  ['a forged ref of a dead id', forged(deadId()), 'ERR_USE_AFTER_FREE'],
  ...[-1, 0, 1, 0.5, NaN, Infinity, 2 ** 52, 2 ** 53, 'x', undefined, null, {}].map((id): Bad => [
    `a forged ref of id ${inspect(id)}`,
    forged(id),
    'ERR_INVALID_ID',
  ]),
];

const unsupported = (): Bad[] => [
  ['symbol', symbol, 'ERR_UNSUPPORTED_VALUE'],
  ['function', fn, 'ERR_UNSUPPORTED_VALUE'],
  ['object', { a: 1 }, 'ERR_UNSUPPORTED_VALUE'],
  ['{ id }', { id: 5 }, 'ERR_UNSUPPORTED_VALUE'],
  ['array', [1], 'ERR_UNSUPPORTED_VALUE'],
  ['Date', new Date(0), 'ERR_UNSUPPORTED_VALUE'],
  ['Map', new Map(), 'ERR_UNSUPPORTED_VALUE'],
  ['Uint8Array', new Uint8Array(1), 'ERR_UNSUPPORTED_VALUE'],
  ['Proxy', new Proxy({}, {}), 'ERR_UNSUPPORTED_VALUE'],
];

const badIds = (type: string): Bad[] => {
  const another = type === 'NumberRef' ? own(StringRef.from('x')) : own(NumberRef.from(1));
  const live = own(type === 'StringRef' ? new NumberRef() : new StringRef()).id;
  const generation = 2 ** 32;
  const slots = heap.stats().slots;
  const ids: Bad[] = [
    ...[
      0,
      -0,
      1,
      -1,
      -5,
      -(2 ** 40),
      0.5,
      live + 0.5,
      NaN,
      Infinity,
      -Infinity,
      2 ** 52,
      2 ** 53,
      2 ** 63,
      Number.MAX_VALUE,
      Number.MIN_VALUE,
      generation,
      generation + 1,
      slots,
      slots + 1,
      2 ** 32 - 1,
      2 ** 32 - 1 + generation,
      live + generation * 1000,
    ].map((id): Bad => [`id ${id}`, id, 'ERR_INVALID_ID']),
    ['a dead id', deadId(), 'ERR_USE_AFTER_FREE'],
    ...others('ERR_INVALID_ID', 'number', 'undefined', 'Proxy'),
    ['{ id: string }', { id: '5' }, 'ERR_INVALID_ID'],
    ['{ id: object }', { id: { id: 5 } }, 'ERR_INVALID_ID'],
    ['{ id: dead }', { id: deadId() }, 'ERR_USE_AFTER_FREE'],
    ['{ id: 1 }', { id: 1 }, 'ERR_INVALID_ID'],
    ['a dead ref', deadRef(), 'ERR_USE_AFTER_FREE'],
    ['undefined', undefined, 'ERR_INVALID_ID'],
  ];
  if (type === 'functions') return ids;
  return [
    ...ids,
    ['an id of another type', another.id, 'ERR_TYPE_MISMATCH'],
    ['a ref of another type', another, 'ERR_TYPE_MISMATCH'],
  ];
};

/** By kind of parameter; `type` is the class whose ids are meant. */
export const bad: Record<AnyKind, (type: string) => Bad[]> = {
  key: () => [
    ...unsupported().map(([what, value]): Bad => [what, value, 'ERR_UNSUPPORTED_VALUE']),
    ['a ref', own(new StringRef()), 'ERR_UNSUPPORTED_VALUE'],
  ],
  value: () => [...unsupported(), ...badRefs()],
  number: () => others('ERR_INVALID_ARG_TYPE', 'number', 'Proxy'),
  text: () => others('ERR_INVALID_ARG_TYPE', 'string', 'Proxy'),
  fieldText: () => [
    ...others(
      'ERR_INVALID_ARG_TYPE',
      'string',
      'symbol',
      'function',
      'object',
      'array',
      'Number',
      'String',
      'Date',
      'Proxy',
      'undefined',
    ),
    ...unsupported(),
    ['a finished ref', finishedRef(), 'ERR_USE_AFTER_FREE'],
    ['a dead ref', deadRef(), 'ERR_INVALID_ARG_TYPE'],
    ['a ref', own(new StringRef()), 'ERR_INVALID_ARG_TYPE'],
  ],
  place: () => others('ERR_INVALID_ARG_TYPE', 'number', 'Proxy'),
  index: () => [
    ['symbol', symbol, 'TypeError'],
    ['bigint', 1n, 'TypeError'],
    ['no number', { valueOf: () => ({}), toString: () => ({}) }, 'TypeError'],
  ],
  callback: () => others('ERR_INVALID_ARG_TYPE', 'function'),
  section: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'function'),
    ['an async function', async () => Promise.resolve(), 'ERR_INVALID_ARG_TYPE'],
  ],
  watching: () => [
    ...others(
      'ERR_INVALID_ARG_TYPE',
      'undefined',
      'object',
      'array',
      'Number',
      'String',
      'Date',
      'Proxy',
    ),
    ['no boolean', { ref: 1 }, 'ERR_INVALID_ARG_TYPE'],
  ],
  refs: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'array', 'String', 'string', 'Proxy'),
    ['a text', 'ab', 'ERR_INVALID_ARG_TYPE'],
    ['no refs', [{}], 'ERR_INVALID_ARG_TYPE'],
    ['a finished ref', [finishedRef()], 'ERR_USE_AFTER_FREE'],
    ['a dead ref', [own(new StringRef()), deadRef()], 'ERR_USE_AFTER_FREE'],
  ],
  compare: () => others('ERR_INVALID_ARG_TYPE', 'function', 'undefined'),
  entries: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'object', 'array', 'Proxy', 'undefined', 'String'),
    ['an array of numbers', [1], 'ERR_INVALID_ARG_TYPE'],
    ['an array of null', [null], 'ERR_INVALID_ARG_TYPE'],
    ['an iterator of texts', new Set(['ab']), 'ERR_INVALID_ARG_TYPE'],
    [
      'a bad key',
      [
        ['a', 1],
        [symbol, 1],
      ],
      'ERR_UNSUPPORTED_VALUE',
    ],
    [
      'an object as key',
      [
        ['a', 1],
        [{}, 1],
      ],
      'ERR_UNSUPPORTED_VALUE',
    ],
    ...[...unsupported(), ...badRefs()].flatMap(([what, value, code]): Bad[] => [
      [
        `${what} in pairs`,
        [
          ['new', 1],
          ['b', value],
        ],
        code,
      ],
      [`${what} in an object`, { new: 1, b: value }, code],
      [
        `${what} in a Map`,
        new Map([
          ['new', 1],
          ['b', value],
        ]),
        code,
      ],
    ]),
  ],
  iterable: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'string', 'String', 'array', 'Proxy', 'undefined'),
    ...[...unsupported(), ...badRefs()].map(([what, value, code]): Bad => [
      `[${what}]`,
      [1, value],
      code,
    ]),
  ],
  keys: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'string', 'String', 'array', 'Proxy'),
    ...unsupported().map(([what, value, code]): Bad => [`[${what}]`, ['a', value], code]),
  ],
  field: () => [
    ...others('ERR_UNKNOWN_FIELD', 'Proxy', 'Date'),
    ['an unknown name', 'texT', 'ERR_UNKNOWN_FIELD'],
    ['__proto__', '__proto__', 'ERR_UNKNOWN_FIELD'],
  ],
  fields: () => [
    ...others(
      'ERR_INVALID_ARG_TYPE',
      'object',
      'Number',
      'String',
      'Date',
      'Proxy',
      'function',
      'symbol',
    ),
    ['an unknown field', { number: 5, nothing: 1 }, 'ERR_UNKNOWN_FIELD'],
    ['a text for a number', { text: 'y', number: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['undefined for a number', { text: 'y', number: undefined }, 'ERR_INVALID_ARG_TYPE'],
    ['a number for a text', { number: 5, text: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ...[...unsupported(), ...badRefs()].map(([what, value, code]): Bad => [
      `{ any: ${what} }`,
      { number: 5, any: value },
      code,
    ]),
  ],
  count: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'number', 'Proxy'),
    ...[-1, 0.5, NaN, -Infinity].map((n): Bad => [String(n), n, 'ERR_OUT_OF_RANGE']),
  ],
  wait: () => [
    ...others(
      'ERR_INVALID_ARG_TYPE',
      'undefined',
      'object',
      'array',
      'Number',
      'String',
      'Date',
      'Proxy',
    ),
    ...others('ERR_INVALID_ARG_TYPE', 'undefined', 'number', 'Proxy').map(
      ([what, value, code]): Bad => [`{ timeout: ${what} }`, { timeout: value }, code],
    ),
    ...[-1, NaN, -Infinity].map((timeout): Bad => [
      `{ timeout: ${timeout} }`,
      { timeout },
      'ERR_OUT_OF_RANGE',
    ]),
  ],
  capacity: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'number', 'Proxy', 'undefined'),
    ...[0, -1, 0.5, NaN, Infinity, 2 ** 31, 2 ** 53].map((n): Bad => [
      String(n),
      n,
      'ERR_OUT_OF_RANGE',
    ]),
  ],
  any: () => [],
  id: badIds,
  name: () => others('ERR_INVALID_ARG_TYPE', 'string', 'Proxy'),
  bytes: () => others('ERR_INVALID_ARG_TYPE', 'Proxy'),
  byteLength: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'number', 'Proxy'),
    ...[-1, 0.5, NaN, Infinity, 2 ** 53, 2 ** 60].map((n): Bad => [
      String(n),
      n,
      'ERR_OUT_OF_RANGE',
    ]),
  ],
  initial: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'number', 'undefined', 'Proxy'),
    ['-1', -1, 'ERR_OUT_OF_RANGE'],
  ],
  init: () => [
    ...others(
      'ERR_INVALID_ARG_TYPE',
      'undefined',
      'object',
      'Number',
      'String',
      'Date',
      'Proxy',
      'function',
      'symbol',
    ),
    ['an unknown field', { text: 'x', nothing: 1 }, 'ERR_UNKNOWN_FIELD'],
    ['a text for a number', { number: '1' }, 'ERR_INVALID_ARG_TYPE'],
    ['null for a number', { number: null }, 'ERR_INVALID_ARG_TYPE'],
    ['a number for a text', { text: 1 }, 'ERR_INVALID_ARG_TYPE'],
    ...[...unsupported(), ...badRefs()].map(([what, value, code]): Bad => [
      `{ any: ${what} }`,
      { any: value },
      code,
    ]),
  ],
  inits: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'array', 'string', 'String', 'Proxy'),
    ['an unknown field', [{}, { nothing: 1 }], 'ERR_UNKNOWN_FIELD'],
    ['a number for a text', [{}, { text: 1 }], 'ERR_INVALID_ARG_TYPE'],
    ['null', [{}, null], 'ERR_INVALID_ARG_TYPE'],
    ['texts', 'ab', 'ERR_INVALID_ARG_TYPE'],
    ...[...unsupported(), ...badRefs()].map(([what, value, code]): Bad => [
      `[{ any: ${what} }]`,
      [{}, { any: value }],
      code,
    ]),
  ],
  shape: () => [
    ...others('ERR_INVALID_ARG_TYPE', 'object', 'Proxy'),
    ...others('ERR_INVALID_ARG_TYPE', 'Proxy').map(([what, value, code]): Bad => [
      `{ a: ${what} }`,
      { a: value },
      code,
    ]),
  ],
};

function expectRefused(run: () => unknown, code: Code | 'TypeError'): void {
  if (code === 'TypeError') expect(thrownBy(run)).toBeInstanceOf(TypeError);
  else blocked(run, code);
}

/** What must be the same after a refused call. */
export function picture(ref?: Ref): string {
  const { objects, liveBytes, limboObjects, shapes } = heap.stats();
  return JSON.stringify([
    ref,
    ref && counts(ref),
    objects,
    liveBytes,
    limboObjects,
    shapes,
    names.keys(),
  ]);
}

/** Expects that a call is refused and has changed nothing. */
export function check(run: () => unknown, code: Code | 'TypeError', what: string, ref?: Ref): void {
  const before = picture(ref);
  try {
    expectRefused(run, code);
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
  if (picture(ref) !== before) throw new Error(`${what}: changed ${before} to ${picture(ref)}`);
}
