// The shared objects as sequential ones: what each method does if nobody else is there. Add a method
// here, and to what fixtures/recorder.cjs chooses from.
import type { Model, Operation } from './checker';

type Method<State> = (state: State, ...args: any[]) => { state: State; result: unknown };

/** A model of methods: an operation fits if the method gives the same result. */
function modelOf<State>(
  initial: State,
  key: (state: State) => string,
  methods: Record<string, Method<State>>,
): Model<State> {
  return {
    initial,
    key,
    step(state, { method, args, result }: Operation) {
      const run = methods[method];
      if (run === undefined) throw new Error(`the model has no ${method}`);
      const after = run(state, ...args);
      return isSame(after.result, result) ? after : undefined;
    },
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'object' || typeof b === 'object')
    return JSON.stringify(a) === JSON.stringify(b);
  return Object.is(a, b);
}

/** NumberRef, by the methods that are calls. */
export const numberModel = modelOf<number>(0, String, {
  add: (state, n: number) => ({ state: state + n, result: state }),
  sub: (state, n: number) => ({ state: state - n, result: state }),
  exchange: (state, next: number) => ({ state: next, result: state }),
  compareExchange: (state, expected: number, next: number) => ({
    state: state === expected ? next : state,
    result: state,
  }),
});

/** StringRef. */
export const stringModel = modelOf<string>('', String, {
  obtainValue: (state) => ({ state, result: state }),
  setValue: (_, text: string) => ({ state: text, result: undefined }),
  compareExchange: (state, expected: string, next: string) => ({
    state: state === expected ? next : state,
    result: state,
  }),
});

type Entry = number | undefined;

/** One entry of a map: for methods that touch one key, each key is an object of its own. */
export const entryModel = modelOf<Entry>(undefined, String, {
  get: (state) => ({ state, result: state }),
  has: (state) => ({ state, result: state !== undefined }),
  set: (_, __, value: number) => ({ state: value, result: 'this' }),
  delete: (state) => ({ state: undefined, result: state !== undefined }),
  take: (state) => ({ state: undefined, result: state }),
  add: (state, _, n: number) => ({ state: (state ?? 0) + n, result: state ?? 0 }),
  getOrInsert: (state, _, value: number) => ({ state: state ?? value, result: state ?? value }),
  compareExchange: (state, _, expected: Entry, next: number) => ({
    state: state === expected ? next : state,
    result: state,
  }),
});

/** A map as a whole, for methods that touch more than one key. */
export const mapModel = modelOf<ReadonlyMap<string, number>>(
  new Map(),
  (state) => JSON.stringify([...state]),
  {
    get: (state, key: string) => ({ state, result: state.get(key) }),
    set: (state, key: string, value: number) => ({
      state: new Map(state).set(key, value),
      result: 'this',
    }),
    delete(state, key: string) {
      const next = new Map(state);
      return { result: next.delete(key), state: next };
    },
    clear: () => ({ state: new Map(), result: undefined }),
    len: (state) => ({ state, result: state.size }),
  },
);

const at = (state: readonly number[], i: number) => i < state.length;

/** VectorRef, by the methods that are one step. */
export const vectorModel = modelOf<readonly number[]>([], (state) => state.join(), {
  push: (state, ...values: number[]) => ({
    state: [...state, ...values],
    result: state.length + values.length,
  }),
  unshift: (state, ...values: number[]) => ({
    state: [...values, ...state],
    result: state.length + values.length,
  }),
  pop: (state) => ({ state: state.slice(0, -1), result: state.at(-1) }),
  shift: (state) => ({ state: state.slice(1), result: state[0] }),
  index: (state, i: number) => ({ state, result: state[i] }),
  setAt: (state, i: number, value: number) =>
    at(state, i)
      ? { state: [...state.slice(0, i), value, ...state.slice(i + 1)], result: 'this' }
      : { state, result: { error: 'ERR_OUT_OF_RANGE' } },
  removeAt: (state, i: number) => ({
    state: state.filter((_, place) => place !== i),
    result: at(state, i),
  }),
  at: (state, i: number) => ({ state, result: state.at(i) }),
  splice(state, start: number, count: number, ...values: number[]) {
    const next = [...state];
    return { result: next.splice(start, count, ...values), state: next };
  },
  fill: (state, value: number, start: number, end?: number) => ({
    state: [...state].fill(value, start, end),
    result: 'this',
  }),
  indexOf: (state, value: number) => ({ state, result: state.indexOf(value) }),
  lastIndexOf: (state, value: number, from: number) => ({
    state,
    result: state.lastIndexOf(value, from),
  }),
  reverse: (state) => ({ state: [...state].reverse(), result: 'this' }),
  clear: () => ({ state: [], result: undefined }),
  len: (state) => ({ state, result: state.length }),
});

export const QUEUE_CAPACITY = 4;

/** QueueRef: full and empty are results like others. */
export const queueModel = modelOf<readonly number[]>([], (state) => state.join(), {
  tryPush: (state, value: number) =>
    state.length === QUEUE_CAPACITY
      ? { state, result: false }
      : { state: [...state, value], result: true },
  tryPop: (state) => ({ state: state.slice(1), result: state[0] }),
  length: (state) => ({ state, result: state.length }),
});
