// Operation x state: every method on refs that are alive, borrowed, finished, moved, of a dead
// object, of a dead object whose slot is used again, and of another type.
import { MapRef, NumberRef, StringRef, VectorRef, refFromId } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { allowed, blocked, checkHeap, counts, native, own, thrownBy } from './support';
import { call, common, goodArguments, nameOf, subjects } from './support-methods';
import type { Method, Subject } from './support-methods';

checkHeap();

/** Methods of every ref that work, or do nothing, whatever its state. */
const always = ['isAlive', '[Symbol.dispose]', '[inspect.custom]'];

/** Methods that concern the ref and not its object. */
const ofRefAlone = ['equals', 'move', '[BRAND]'];

const rows = subjects.flatMap((subject) =>
  [...subject.methods, ...common]
    .filter(({ isAsync }) => !isAsync)
    .map((method) => [`${subject.name} ${nameOf(method)}`, subject, method] as const),
);

/** Runs a method and takes back what it made. */
function run(method: Method, ref: unknown): unknown {
  const result = call(method, ref, goodArguments(method));
  for (const made of Array.isArray(result) ? (result as unknown[]) : [result]) {
    if (nameOf(method) === 'retain') own(made as Ref);
  }
  return result;
}

/** A slot of the same index with another object in it, or undefined if none came by. */
function reuse(subject: Subject, { id }: Ref): Ref | undefined {
  for (let i = 0; i < 3000; i++) {
    const ref = own(subject.make());
    if (ref.id % 2 ** 32 === id % 2 ** 32) return ref;
  }
  return undefined;
}

describe.each(rows)('%s', (_, subject, method) => {
  const name = nameOf(method);
  const isAlways = always.includes(name);

  test('alive and owning: allowed', () => {
    const ref = own(subject.make());
    allowed(() => run(method, ref));
    expect(ref.isAlive).toBe(!['drop', '[Symbol.dispose]'].includes(name));
  });

  test('borrowed: allowed, but for move', () => {
    const owner = own(subject.make());
    const borrowed = refFromId(owner);
    if (name === 'move') blocked(() => run(method, borrowed), 'ERR_NO_CLAIM');
    else allowed(() => run(method, borrowed));
    expect(owner.isAlive).toBe(name !== 'drop');
  });

  test('finished by drop: blocked', () => {
    const other = own(subject.make());
    const ref = other.retain();
    ref.drop();
    if (isAlways) allowed(() => run(method, ref));
    else blocked(() => run(method, ref), 'ERR_USE_AFTER_FREE', /use after free/);
    expect(counts(other)).toEqual([1, 0]);
  });

  test('finished by dispose: blocked', () => {
    const other = own(subject.make());
    const ref = refFromId(other);
    ref[Symbol.dispose]();
    if (isAlways) allowed(() => run(method, ref));
    else blocked(() => run(method, ref), 'ERR_USE_AFTER_FREE');
    expect(counts(other)).toEqual([1, 0]);
  });

  test('moved: blocked', () => {
    const ref = subject.make();
    const holder = own(VectorRef.from([ref.move()]));
    if (isAlways) allowed(() => run(method, ref));
    else blocked(() => run(method, ref), 'ERR_USE_AFTER_FREE', /dropped or moved/);
    expect(counts(holder.at(0) as Ref)).toEqual([0, 1]);
  });

  test('the object dead: blocked', () => {
    const ref = subject.make();
    refFromId(ref).drop();
    if (isAlways || ofRefAlone.includes(name)) allowed(() => run(method, ref));
    else blocked(() => run(method, ref), 'ERR_USE_AFTER_FREE', /use after free/);
    expect(ref.isAlive).toBe(false);
  });

  test('the object dead and its slot used again: blocked, the new object untouched', () => {
    const ref = subject.make();
    refFromId(ref).drop();
    const successor = reuse(subject, ref);
    if (successor === undefined) throw new Error('the slot was not used again');
    const before = JSON.stringify(successor);
    if (isAlways || ofRefAlone.includes(name)) allowed(() => run(method, ref));
    else blocked(() => run(method, ref), 'ERR_USE_AFTER_FREE', /use after free/);
    expect(JSON.stringify(successor)).toBe(before);
    expect(counts(successor)).toEqual([1, 0]);
  });

  test('on what is no ref: a TypeError', () => {
    if (method.isGetter) {
      for (const other of name === 'isAlive' ? [null] : [{}, { id: 5 }, null]) {
        const get = findGetter(subject.make, method);
        expect(thrownBy(() => get.call(other))).toBeInstanceOf(TypeError);
      }
      return;
    }
    const ref = own(subject.make());
    const fn = (ref as any)[method.key] as (...args: unknown[]) => unknown;
    for (const other of [undefined, null, {}, { id: ref.id }, 1, Object.create(ref)]) {
      if (name === '[inspect.custom]') continue;
      const invoke = (): unknown =>
        call({ ...method, key: 'fn' }, { fn: fn.bind(other) }, goodArguments(method));
      expect(thrownBy(invoke)).toBeInstanceOf(TypeError);
    }
    expect(ref.isAlive).toBe(true);
  });
});

function findGetter(make: () => Ref, { key }: Method): (this: unknown) => unknown {
  const ref = own(make());
  for (let at: unknown = ref; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, key)?.get;
    if (found !== undefined) return found;
  }
  throw new Error(`there is no getter ${String(key)}`);
}

describe('on a ref of another type', () => {
  const others: Subject[] = [
    { name: 'StringRef', make: () => StringRef.from('x'), methods: [] },
    { name: 'NumberRef', make: () => NumberRef.from(1), methods: [] },
    { name: 'MapRef', make: () => MapRef.from({ a: 1 }), methods: [] },
    { name: 'VectorRef', make: () => VectorRef.from([1]), methods: [] },
  ];
  const own4 = subjects.flatMap(({ name, methods, make }) =>
    methods
      .filter((method) => !method.isGetter && !method.isAsync && !always.includes(nameOf(method)))
      // toJSON of these asks obtainValue of the ref's own class.
      .filter(
        ({ key }) =>
          key !== 'toJSON' || ['MapRef', 'VectorRef', 'StructRef', 'QueueRef'].includes(name),
      )
      .map((method) => [`${name} ${nameOf(method)}`, name, method, make] as const),
  );

  test.each(own4)('%s: blocked', (_, className, method, make) => {
    const fn = (own(make()) as any)[method.key] as (...args: unknown[]) => unknown;
    for (const other of others.filter(({ name }) => name !== className)) {
      const ref = own(other.make());
      const before = JSON.stringify(ref);
      const bound = { fn: (...args: unknown[]) => fn.apply(ref, args) };
      // Methods written in terms of others find those of the ref's own class, or none.
      const error = thrownBy(() => call({ ...method, key: 'fn' }, bound, goodArguments(method)));
      if (!(error instanceof TypeError)) expect(error.code).toBe('ERR_TYPE_MISMATCH');
      expect(JSON.stringify(ref)).toBe(before);
    }
  });
});

test('a ref stays that of its object, whatever is done to its id', () => {
  const victim = own(StringRef.from('victim'));
  for (const id of [-1, NaN, 1, 0, 2 ** 53, 'x', undefined, null, {}, Symbol('s')]) {
    const ref = own(MapRef.from<any>({ a: 1 }));
    const real = ref.id;
    (ref as any).id = id;
    expect(ref.size).toBe(1);
    ref.set('a', 2);
    expect(ref.isAlive).toBe(true);
    // Where another takes the id from it, it is checked as any other.
    blocked(() => victim.equals(ref) || new VectorRef(ref as any), 'ERR_INVALID_ID');
    (ref as any).id = victim.id;
    expect(ref.get('a')).toBe(2);
    blocked(() => new VectorRef(ref as any), 'ERR_TYPE_MISMATCH');
    (ref as any).id = real;
    expect(ref.obtainValue()).toEqual({ a: 2 });
  }
  expect(native.counts(victim.id)).toEqual([1, 0]);
});
