// Every public method, with what its parameters take: the tables behind bad-input.test.ts and
// matrix.test.ts. A method that is not in them fails the test that looks for it.
import { inspect } from 'node:util';
import {
  BufferRef,
  MapRef,
  NumberRef,
  QueueRef,
  StringRef,
  StructFactory,
  VectorRef,
  lockAll,
  names,
  refFromId,
  share,
} from 'shared-heap';
import type { Ref } from 'shared-heap';

/** What a parameter takes; bad-input.test.ts knows what it does not take. */
export type Kind =
  | 'key' // of a map
  | 'value' // of a container
  | 'number'
  | 'text'
  | 'place' // an index that is not converted
  | 'index' // one converted as Array methods do
  | 'callback'
  | 'compare' // a callback or nothing
  | 'section' // what runs under a lock that blocks
  | 'watching' // options of watch
  | 'entries' // of a map
  | 'iterable'
  | 'keys' // an iterable of keys
  | 'field' // a name of a field
  | 'fieldText' // the value of a string field
  | 'fields' // values for some fields
  | 'count' // of items
  | 'wait' // how long an operation may wait
  | 'any';

export type Parameter = [kind: Kind, good: unknown];

export interface Method {
  key: string | symbol;
  parameters: Parameter[];
  /** Reading the property is the call. */
  isGetter?: boolean;
  /** It fails by rejecting: see async-methods.test.ts. */
  isAsync?: boolean;
}

export interface Subject {
  name: string;
  make: () => Ref;
  methods: Method[];
}

/** Symbols by the names that the source knows them by; Node.js describes some in its own way. */
const symbolNames = new Map([
  [Symbol.dispose, '[Symbol.dispose]'],
  [Symbol.iterator, '[Symbol.iterator]'],
  [Symbol.asyncIterator, '[Symbol.asyncIterator]'],
  [inspect.custom, '[inspect.custom]'],
  [Symbol.for('shared-heap.ref'), '[BRAND]'],
]);

export function nameOf({ key }: Method): string {
  return typeof key === 'string' ? key : (symbolNames.get(key) ?? String(key));
}

/** As many values as an iterator is asked for: that of a queue would wait for more. */
const STEPS = 3;

/** Calls a method; an iterator is run, so that it does what it does. */
export function call(method: Method, ref: unknown, args: readonly unknown[]): unknown {
  if (method.key === 'watch') return (ref as Ref).watch(...(args as [() => void])).unwatch();
  if (method.isGetter) return Reflect.get(Object.getPrototypeOf(ref) as object, method.key, ref);
  const result: unknown = (ref as any)[method.key](...args);
  const isIterator = typeof (result as Iterator<unknown> | undefined)?.next === 'function';
  return isIterator ? take(result as Iterable<unknown>) : result;
}

function take(values: Iterable<unknown>): unknown[] {
  const taken: unknown[] = [];
  for (const value of values) if (taken.push(value) === STEPS) break;
  return taken;
}

export function goodArguments({ parameters }: Method): unknown[] {
  return parameters.map(([, good]) => good);
}

const m = (key: string | symbol, ...parameters: Parameter[]): Method => ({ key, parameters });
const getter = (key: string): Method => ({ key, parameters: [], isGetter: true });
const rejecting = (key: string | symbol, ...parameters: Parameter[]): Method => ({
  key,
  parameters,
  isAsync: true,
});

const callback: Parameter = ['callback', () => false];
const thisArg: Parameter = ['any', undefined];
const start: Parameter = ['index', 0];
const end: Parameter = ['index', 1];
const inspectArguments: Parameter[] = [
  ['any', 2],
  ['any', { stylize: String }],
];

export const Sample = new StructFactory({ text: 'string', number: 'number', any: 'any' });

export const subjects: Subject[] = [
  {
    name: 'StringRef',
    make: () => StringRef.from('text'),
    methods: [
      getter('length'),
      m('obtainValue'),
      m('toJSON'),
      m('setValue', ['text', 'other']),
      m('compareExchange', ['text', 'text'], ['text', 'other']),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'NumberRef',
    make: () => NumberRef.from(5),
    methods: [
      m('obtainValue'),
      m('toJSON'),
      m('setValue', ['number', 1]),
      m('add', ['number', 1]),
      m('sub', ['number', 1]),
      m('exchange', ['number', 1]),
      m('compareExchange', ['number', 5], ['number', 1]),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'MapRef',
    make: () => MapRef.from<any>({ a: 'one', n: 5 }),
    methods: [
      getter('size'),
      m('len'),
      m('get', ['key', 'a']),
      m('acquire', ['key', 'a']),
      m('getValue', ['key', 'a']),
      m('getMany', ['keys', ['a']]),
      m('has', ['key', 'a']),
      m('set', ['key', 'a'], ['value', 1]),
      m('setMany', ['entries', { a: 1 }]),
      m('getOrInsert', ['key', 'new'], ['value', 1]),
      m('getOrInsertComputed', ['key', 'new'], ['callback', () => 1]),
      m('update', ['key', 'a'], ['callback', () => 1]),
      m('delete', ['key', 'a']),
      m('remove', ['key', 'a']),
      m('take', ['key', 'a']),
      m('clear'),
      m('add', ['key', 'n'], ['number', 1]),
      m('compareExchange', ['key', 'a'], ['value', 'one'], ['value', 2]),
      m('forEach', callback, thisArg),
      m('entries'),
      m('keys'),
      m('values'),
      m(Symbol.iterator),
      m('obtainValue'),
      m('toJSON'),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'VectorRef',
    make: () => VectorRef.from<any>([3, 'one', 2]),
    methods: [
      getter('length'),
      m('len'),
      m('at', start),
      m('index', ['place', 0]),
      m('acquire', start),
      m('valueAt', start),
      m('setAt', ['place', 0], ['value', 1]),
      m('push', ['value', 1], ['value', 2]),
      m('unshift', ['value', 1], ['value', 2]),
      m('pop'),
      m('shift'),
      m('takeMany', ['count', 2]),
      m('removeAt', ['place', 0]),
      m('splice', start, end, ['value', 1]),
      m('slice', start, end),
      m('fill', ['value', 1], start, end),
      m('clear'),
      m('includes', ['value', 3], start),
      m('indexOf', ['value', 3], start),
      m('lastIndexOf', ['value', 3], start),
      m('forEach', callback, thisArg),
      m('map', callback, thisArg),
      m('filter', callback, thisArg),
      m('reduce', callback, ['any', 0]),
      m('find', callback, thisArg),
      m('findIndex', callback, thisArg),
      m('findLast', callback, thisArg),
      m('findLastIndex', callback, thisArg),
      m('join', ['any', ',']),
      m('reverse'),
      m('sort', ['compare', () => 0]),
      m(Symbol.iterator),
      m('obtainValue'),
      m('toJSON'),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'StructRef',
    make: () => Sample.new({ text: 't', number: 1 }),
    methods: [
      m('getKey', ['field', 'text']),
      m('setKey', ['field', 'text'], ['fieldText', 'x']),
      m('update', ['fields', { text: 'x', number: 2 }]),
      m('snapshot'),
      m('acquire', ['field', 'text']),
      m('getValue', ['field', 'text']),
      m('obtainValue'),
      m('toJSON'),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'QueueRef',
    make: () => {
      const queue = new QueueRef();
      for (const value of ['one', 2, 3]) queue.push(value);
      return queue;
    },
    methods: [
      getter('length'),
      getter('capacity'),
      getter('closed'),
      m('push', ['value', 1], ['wait', undefined]),
      m('tryPush', ['value', 1]),
      rejecting('pushAsync', ['value', 1], ['wait', undefined]),
      m('pop', ['wait', { timeout: 0 }]),
      m('tryPop'),
      rejecting('popAsync', ['wait', { timeout: 0 }]),
      m('close'),
      m(Symbol.iterator),
      rejecting(Symbol.asyncIterator),
      m('obtainValue'),
      m('toJSON'),
      m(inspect.custom, ...inspectArguments),
    ],
  },
  {
    name: 'BufferRef',
    make: () => BufferRef.from(Uint8Array.of(1, 2, 3)),
    methods: [
      getter('byteLength'),
      m('view'),
      m('obtainValue'),
      m('toJSON'),
      m(inspect.custom, ...inspectArguments),
    ],
  },
];

/** What all refs have. */
export const common: Method[] = [
  getter('isAlive'),
  m('equals', ['any', 1]),
  m('retain'),
  m('drop'),
  m('move'),
  m('lock', ['section', () => 1], ['wait', { timeout: 0 }]),
  m('tryLock', ['section', () => 1]),
  getter('version'),
  m('wait', ['number', -1], ['wait', { timeout: 0 }]),
  rejecting('lockAsync', ['callback', () => 1], ['wait', { timeout: 0 }]),
  rejecting('waitAsync', ['number', -1], ['wait', { timeout: 0 }]),
  m('watch', ['callback', () => undefined], ['watching', { ref: false }]),
  m(Symbol.dispose),
  m(Symbol.for('shared-heap.ref'), ['any', undefined]),
];

export interface StaticMethod {
  key: string;
  run: (...args: any[]) => unknown;
  /** Kinds beyond those of methods: an id, a name, and what each class is made from. */
  parameters: (
    | Kind
    | 'id'
    | 'name'
    | 'bytes'
    | 'byteLength'
    | 'capacity'
    | 'init'
    | 'inits'
    | 'initial'
    | 'shape'
    | 'refs'
  )[];
}

const s = (
  key: string,
  run: (...args: any[]) => unknown,
  ...parameters: StaticMethod['parameters']
): StaticMethod => ({ key, run, parameters });

/** Functions that are no methods of a ref. */
export const statics: Record<string, StaticMethod[]> = {
  StringRef: [
    s('constructor', (id) => new StringRef(id), 'id'),
    s('from', (text) => StringRef.from(text), 'text'),
    s('adopt', (id) => StringRef.adopt(id), 'id'),
    s('acquire', (id) => StringRef.acquire(id), 'id'),
    s('named', (name, text) => StringRef.named(name, text), 'name', 'text'),
  ],
  NumberRef: [
    s('constructor', (id) => new NumberRef(id), 'id'),
    s('from', (value) => NumberRef.from(value), 'number'),
    s('adopt', (id) => NumberRef.adopt(id), 'id'),
    s('acquire', (id) => NumberRef.acquire(id), 'id'),
    s('named', (name, value) => NumberRef.named(name, value), 'name', 'number'),
  ],
  MapRef: [
    s('constructor', (id) => new MapRef(id), 'id'),
    s('from', (source) => MapRef.from(source), 'entries'),
    s('adopt', (id) => MapRef.adopt(id), 'id'),
    s('acquire', (id) => MapRef.acquire(id), 'id'),
    s('named', (name, source) => MapRef.named(name, source), 'name', 'entries'),
  ],
  VectorRef: [
    s('constructor', (id) => new VectorRef(id), 'id'),
    s('from', (values) => VectorRef.from(values), 'iterable'),
    s('adopt', (id) => VectorRef.adopt(id), 'id'),
    s('acquire', (id) => VectorRef.acquire(id), 'id'),
    s('named', (name, values) => VectorRef.named(name, values), 'name', 'iterable'),
  ],
  QueueRef: [
    s('constructor', (id) => new QueueRef(id), 'id'),
    s('withCapacity', (capacity) => QueueRef.withCapacity(capacity), 'capacity'),
    s('adopt', (id) => QueueRef.adopt(id), 'id'),
    s('acquire', (id) => QueueRef.acquire(id), 'id'),
    s('named', (name, capacity) => QueueRef.named(name, capacity), 'name', 'capacity'),
  ],
  BufferRef: [
    s('constructor', (id) => new BufferRef(id), 'id'),
    s('alloc', (byteLength) => BufferRef.alloc(byteLength), 'byteLength'),
    s('from', (bytes) => BufferRef.from(bytes), 'bytes'),
    s('adopt', (id) => BufferRef.adopt(id), 'id'),
    s('acquire', (id) => BufferRef.acquire(id), 'id'),
    s('named', (name, init) => BufferRef.named(name, init), 'name', 'initial'),
  ],
  StructFactory: [
    s('constructor', (shape) => new StructFactory(shape), 'shape'),
    s('new', (init) => Sample.new(init), 'init'),
    s('newProxy', (init) => Sample.newProxy(init), 'init'),
    s('new_proxy', (init) => Sample.new_proxy(init), 'init'),
    s('newMany', (inits) => Sample.newMany(inits), 'inits'),
    s('attach', (id) => Sample.attach(id), 'id'),
    s('adopt', (id) => Sample.adopt(id), 'id'),
    s('acquire', (id) => Sample.acquire(id), 'id'),
    s('named', (name, init) => Sample.named(name, init), 'name', 'init'),
  ],
  names: [
    s('set', (name, ref) => names.set(name, ref), 'name', 'value'),
    s('get', (name) => names.get(name), 'name'),
    s('acquire', (name) => names.acquire(name), 'name'),
    s('delete', (name) => names.delete(name), 'name'),
    s('keys', () => names.keys()),
  ],
  functions: [
    s('refFromId', (id) => refFromId(id), 'id'),
    s('share', (value) => share(value), 'any'),
    s('lockAll', (refs) => lockAll(refs, () => 1), 'refs'),
  ],
};
