// Every public method x every bad argument: an error of the right class and code, before anything
// has changed. What methods take is in support-methods.ts, what is bad for them in support-bad.ts.
import {
  BufferRef,
  MapRef,
  NumberRef,
  QueueRef,
  Ref,
  SharedHeapError,
  StringRef,
  StructFactory,
  StructRef,
  VectorRef,
  heap,
  refFromId,
  share,
  typeOf,
} from 'shared-heap';
import * as everything from 'shared-heap';
import { blocked, checkHeap, counts, native, own, thrownBy } from './support';
import { bad, check, others, picture } from './support-bad';
import type { AnyKind, Bad } from './support-bad';
import { Sample, call, common, goodArguments, nameOf, statics, subjects } from './support-methods';

checkHeap();

const methodRows = subjects.flatMap((subject) =>
  [...subject.methods, ...common]
    .filter(({ isAsync }) => !isAsync)
    .flatMap((method) =>
      method.parameters
        .map(([kind], at) => ({
          title: `${subject.name}.${nameOf(method)}, parameter ${at}: no ${kind}`,
          subject,
          method,
          kind,
          at,
        }))
        .filter(({ kind }) => kind !== 'any'),
    ),
);

test.each(methodRows)('$title', ({ subject: { name, make }, method, kind, at }) => {
  const arguments_ = bad[kind](name);
  expect(arguments_.length).toBeGreaterThan(2);
  for (const [what, value, code] of arguments_) {
    const ref = make();
    const args = goodArguments(method);
    args[at] = value;
    check(() => call(method, ref, args), code, what, ref);
    ref.drop();
  }
});

describe.each(subjects)('$name', ({ name, make, methods }) => {
  test('missing arguments are undefined', () => {
    for (const method of methods) {
      if (method.isAsync) continue;
      const needed = method.parameters.findIndex(([kind]) =>
        bad[kind](name).some(([what]) => what === 'undefined'),
      );
      if (needed === -1) continue;
      const ref = own(make());
      const before = picture(ref);
      expect(() => call(method, ref, goodArguments(method).slice(0, needed))).toThrow();
      expect(picture(ref)).toBe(before);
    }
  });

  test('every public method is in the table', () => {
    const ref = own(make());
    const listed = new Set([...methods, ...common].map(({ key }) => key));
    const shape = name === 'StructRef' ? ['text', 'number', 'any'] : [];
    const inner: unknown[] = ['constructor', ...shape];
    for (
      let at = Object.getPrototypeOf(ref);
      at !== Object.prototype;
      at = Object.getPrototypeOf(at)
    ) {
      for (const key of Reflect.ownKeys(at as object)) {
        const isInner =
          typeof key === 'symbol' &&
          ['shape', 'forget', 'Symbol.toStringTag'].includes(key.description ?? '');
        if (!listed.has(key) && !inner.includes(key) && !isInner) {
          throw new Error(`${name}.${String(key)} is not in the table`);
        }
      }
    }
    for (const key of listed) expect(key in ref).toBe(true);
  });
});

describe.each(Object.entries(statics))('%s functions', (type, functions) => {
  const good: Partial<Record<AnyKind, unknown>> = {
    name: 'a free name',
    text: 'x',
    number: 1,
    entries: {},
    iterable: [],
    capacity: 1,
    initial: 0,
    init: {},
  };
  const rows = functions.flatMap((entry) =>
    entry.parameters.map(
      (kind, at) => [`${entry.key}, parameter ${at}: no ${kind}`, entry, kind, at] as const,
    ),
  );

  test.each(rows)('%s', (_, entry, kind, at) => {
    const value = own(new StringRef());
    const list = kind === 'value' ? bad.value(type).concat(noRefs()) : bad[kind](typeOfTable(type));
    for (const [what, argument, code] of list) {
      if (what === 'undefined' && entry.key === 'named' && at === 1) continue; // the default
      const args = entry.parameters.map((each) => (each === 'value' ? value : good[each]));
      args[at] = argument;
      check(() => entry.run(...args), code, what);
    }
    expect(counts(value)).toEqual([1, 0]);
  });

  test('every function is in the table', () => {
    const known = functions.map(({ key }) => key);
    const exported = (everything as unknown as Record<string, object>)[type];
    if (type === 'functions') return expect(known).toEqual(['refFromId', 'share', 'lockAll']);
    const statik = Object.getOwnPropertyNames(exported).filter(
      (key) => !['length', 'name', 'prototype'].includes(key),
    );
    const proto =
      type === 'StructFactory' ? Object.getOwnPropertyNames(StructFactory.prototype) : [];
    const constructor = type === 'names' ? [] : ['constructor'];
    expect([...new Set([...constructor, ...statik, ...proto])].sort()).toEqual([...known].sort());
  });
});

/** Struct ids are expected by a factory; the table of functions expects any. */
function typeOfTable(type: string): string {
  return type === 'StructFactory' ? 'StructRef' : type;
}

function noRefs(): Bad[] {
  return others('ERR_UNSUPPORTED_VALUE', 'symbol', 'function', 'object', 'array', 'Date', 'Proxy');
}

test('every export is covered by a table, or needs none', () => {
  const tables = [
    ...subjects.map(({ name }) => name),
    ...Object.keys(statics),
    'refFromId',
    'share',
    'lockAll',
  ];
  // configure: context.test.ts; heap, typeOf and ref take nothing that could be wrong: heap.test.ts;
  // isSupported: unsupported.test.ts.
  const covered = [
    ...tables,
    'configure',
    'heap',
    'isSupported',
    'typeOf',
    'Ref',
    'SharedHeapError',
    'StructDefinition',
    'ref',
  ];
  expect(Object.keys(everything).filter((name) => !covered.includes(name))).toEqual([]);
  expect(Object.keys(heap)).toEqual(['stats', 'trim', 'verify', 'scope', 'leaks', 'report']);
});

describe('constructors', () => {
  test('Ref and StructRef cannot be made by themselves', () => {
    for (const cls of [Ref, StructRef] as unknown as (new (...args: unknown[]) => unknown)[]) {
      for (const args of [[], [5], [own(new StringRef()).id], ['StringRef', []], [[], 5]]) {
        expect(() => new cls(...args)).toThrow();
      }
    }
  });

  test("a struct's class makes nothing without its factory, and attaches to its shape alone", () => {
    const struct = own(Sample.new());
    const cls = struct.constructor as new (...args: unknown[]) => StructRef;
    blocked(() => new cls(), 'ERR_INVALID_ARG_TYPE', /StructFactory/);
    expect(new cls(struct.id).obtainValue()).toEqual(struct.obtainValue());
    const other = own(new StructFactory({ other: 'any' }).new());
    blocked(() => new cls(other.id), 'ERR_TYPE_MISMATCH');
    blocked(() => new cls(other.id, {}).obtainValue(), 'ERR_TYPE_MISMATCH');
  });

  test('a second argument does not make a ref own', () => {
    const ref = own(StringRef.from('x'));
    for (const second of [{ owning: true }, true, { constructor: { name: 'Made' } }]) {
      const made = new (StringRef as any)(ref.id, second) as StringRef;
      blocked(() => made.move(), 'ERR_NO_CLAIM');
    }
    blocked(() => new (StringRef as any)(NaN, { owning: true }) as StringRef, 'ERR_INVALID_ID');
  });

  test('undefined is no argument left out', () => {
    for (const cls of [StringRef, NumberRef, MapRef, VectorRef, QueueRef, BufferRef]) {
      const error = thrownBy(() => new (cls as any)(undefined) as Ref);
      expect(error).toBeInstanceOf(SharedHeapError);
      expect(error.message).toMatch(/only a call without any argument creates/);
    }
  });

  test('a getter of id is read once and what it throws comes through', () => {
    const mine = new Error('mine');
    const thrower = {
      get id(): never {
        throw mine;
      },
    };
    for (const { key, run, parameters } of Object.values(statics).flat()) {
      if (parameters[0] === 'id') expect([key, thrownBy(() => run(thrower))]).toEqual([key, mine]);
    }
    let reads = 0;
    const ref = own(StringRef.from('x'));
    const second = {
      get id() {
        return reads++ === 0 ? ref.id : -1;
      },
    };
    expect(new StringRef(second).id).toBe(ref.id);
    expect(refFromId(ref).id).toBe(typeOf(ref) === 'StringRef' ? ref.id : 0);
  });
});

test('no claim left: drop, adopt and move of what containers hold', () => {
  const make = subjects.map((subject) => subject.make);
  for (const each of make) {
    const made = each();
    const vector = own(VectorRef.from([made.move()]));
    const held = vector.at(0) as Ref;
    blocked(() => held.drop(), 'ERR_NO_CLAIM');
    blocked(() => held.move(), 'ERR_NO_CLAIM');
    const adopt =
      statics[held.constructor.name]?.find(({ key }) => key === 'adopt') ??
      statics.StructFactory!.find(({ key }) => key === 'adopt')!;
    blocked(() => adopt.run(held.id), 'ERR_NO_CLAIM');
    expect(native.counts(held.id)).toEqual([0, 1]);
  }
  expect(share([]).drop()).toBeUndefined();
});
