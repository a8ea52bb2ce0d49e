// move(): the next container write that succeeds takes the claim; one that fails changes nothing.
import { MapRef, QueueRef, StringRef, StructFactory, VectorRef, names, share } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { blocked, checkHeap, counts, own } from './support';

checkHeap();

const Box = new StructFactory({ ref: 'ref', any: 'any', list: VectorRef });

/** Each write that takes a moved ref. */
const writes: [string, (ref: StringRef) => unknown][] = [
  ['map.set', (ref) => own(new MapRef()).set('k', ref)],
  ['map.setMany', (ref) => own(new MapRef()).setMany({ k: ref })],
  ['map.getOrInsert', (ref) => own(new MapRef()).getOrInsert('k', ref)],
  ['map.getOrInsertComputed', (ref) => own(new MapRef()).getOrInsertComputed('k', () => ref)],
  ['map.compareExchange', (ref) => own(new MapRef()).compareExchange('k', undefined, ref)],
  ['map.update', (ref) => own(new MapRef()).update('k', () => ref)],
  ['queue.push', (ref) => own(new QueueRef()).push(ref)],
  ['queue.tryPush', (ref) => own(new QueueRef()).tryPush(ref)],
  ['struct.update', (ref) => own(Box.new()).update({ ref })],
  ['MapRef.from', (ref) => own(MapRef.from({ k: ref }))],
  ['vector.push', (ref) => own(new VectorRef()).push(ref)],
  ['vector.push of several', (ref) => own(new VectorRef()).push(1, ref, 2)],
  ['vector.push of many', (ref) => own(new VectorRef()).push(...Array<number>(2000).fill(0), ref)],
  ['vector.unshift', (ref) => own(new VectorRef()).unshift(ref)],
  [
    'vector.unshift of many',
    (ref) => own(new VectorRef()).unshift(ref, ...Array<number>(2000).fill(0)),
  ],
  ['vector.setAt', (ref) => own(VectorRef.from<any>([1])).setAt(0, ref)],
  ['vector.splice', (ref) => own(new VectorRef()).splice(0, 0, ref)],
  [
    'vector.splice of many',
    (ref) => own(new VectorRef()).splice(0, 0, ref, ...Array<number>(2000).fill(0)),
  ],
  ['vector.fill', (ref) => own(VectorRef.from<any>([1])).fill(ref)],
  ['VectorRef.from', (ref) => own(VectorRef.from([ref]))],
  ['struct.setKey', (ref) => own(Box.new()).setKey('ref', ref)],
  ['struct accessor', (ref) => (own(Box.new()).any = ref)],
  ['factory.new', (ref) => own(Box.new({ ref }))],
  ['factory.newMany', (ref) => Box.newMany([{}, { any: ref }]).map(own)],
  ['names.set', (ref) => names.set('moved', ref)],
  ['share', (ref) => own(share({ k: ref }))],
];

test.each(writes)('%s takes the claim and finishes the ref', (_, write) => {
  const ref = StringRef.from('x');
  expect(ref.move()).toBe(ref);
  write(ref);
  const again = own(new StringRef(ref.id));
  expect(counts(again)).toEqual([0, 1]);
  blocked(() => ref.obtainValue(), 'ERR_USE_AFTER_FREE', /dropped or moved/);
  expect(ref.isAlive).toBe(true);
});

test.each(writes)('%s without move leaves the claim', (_, write) => {
  const ref = own(StringRef.from('x'));
  write(ref);
  expect(counts(ref)).toEqual([1, 1]);
  expect(ref.obtainValue()).toBe('x');
});

test.each(writes)('%s takes one claim of several', (_, write) => {
  const ref = own(StringRef.from('x'));
  write(ref.retain().move());
  expect(counts(ref)).toEqual([1, 1]);
});

test.each(writes)('%s of a ref already moved changes nothing', (_, write) => {
  const ref = StringRef.from('x');
  own(VectorRef.from([ref.move()]));
  blocked(() => write(ref), 'ERR_USE_AFTER_FREE');
  expect(counts(own(new StringRef(ref.id)))).toEqual([0, 1]);
});

/** Writes of one moved ref that cannot succeed. */
const failures: [string, (ref: StringRef) => void][] = [
  ['map.set with a bad key', (ref) => own(new MapRef()).set(Symbol('s') as any, ref)],
  ['map.setMany with a bad value', (ref) => own(new MapRef()).setMany({ a: ref, b: {} })],
  ['MapRef.from with a bad value', (ref) => MapRef.from<any>({ a: ref, b: {} as any })],
  [
    'MapRef.from with a bad key',
    (ref) =>
      MapRef.from<any, any>([
        ['a', ref],
        [{} as any, 1],
      ]),
  ],
  ['vector.push with a bad value', (ref) => own(new VectorRef()).push(ref, {})],
  [
    'vector.push of many, the last bad',
    (ref) => own(new VectorRef()).push(ref, ...Array<number>(2000).fill(0), {}),
  ],
  ['vector.unshift with a bad value', (ref) => own(new VectorRef()).unshift(ref, Symbol('s'))],
  ['vector.setAt out of range', (ref) => own(new VectorRef()).setAt(0, ref)],
  ['vector.splice with a bad value', (ref) => own(new VectorRef()).splice(0, 0, ref, new Date())],
  ['vector.fill of two places', (ref) => own(VectorRef.from<any>([1, 2])).fill(ref)],
  ['vector.fill of no place', (ref) => own(VectorRef.from<any>([1, 2])).fill(ref, 2)],
  ['VectorRef.from with a bad value', (ref) => VectorRef.from<any>([ref, {} as any])],
  ['struct.setKey of another type', (ref) => own(Box.new()).setKey('list', ref as any)],
  ['struct.setKey of no field', (ref) => own(Box.new()).setKey('nothing' as any, ref)],
  ['factory.new with a bad value', (ref) => Box.new({ any: ref, list: 1 as any })],
  ['factory.newMany with a bad value', (ref) => Box.newMany([{ any: ref }, { list: 1 as any }])],
  ['share with a bad value', (ref) => share({ ref, bad: Symbol('s') })],
  ['names.set with a bad name', (ref) => names.set(1 as any, ref)],
];

test.each(failures)('%s fails and leaves the ref what it was', (_, write) => {
  const ref = own(StringRef.from('x'));
  ref.move();
  expect(() => write(ref)).toThrow();
  expect(counts(ref)).toEqual([1, 0]);
  expect(ref.obtainValue()).toBe('x');
  const vector = own(VectorRef.from([ref])); // it is still to be moved
  expect(counts(vector.at(0)!)).toEqual([0, 1]);
});

describe('a ref moved twice in one call', () => {
  const twice: [string, (ref: StringRef) => void][] = [
    ['vector.push', (ref) => own(new VectorRef()).push(ref, ref)],
    [
      'vector.push of many',
      (ref) => own(new VectorRef()).push(ref, ...Array<number>(2000).fill(0), ref),
    ],
    ['vector.unshift', (ref) => own(new VectorRef()).unshift(ref, ref)],
    ['vector.splice', (ref) => own(new VectorRef()).splice(0, 0, ref, ref)],
    ['VectorRef.from', (ref) => VectorRef.from([ref, ref])],
    ['MapRef.from', (ref) => MapRef.from({ a: ref, b: ref })],
    ['map.setMany', (ref) => own(new MapRef()).setMany({ a: ref, b: ref })],
    ['factory.new', (ref) => Box.new({ ref, any: ref })],
    ['factory.newMany', (ref) => Box.newMany([{ ref }, { any: ref }])],
  ];

  test.each(twice)('%s is refused', (_, write) => {
    const ref = own(StringRef.from('x'));
    blocked(() => write(ref.move()), 'ERR_NO_CLAIM');
    expect(counts(ref)).toEqual([1, 0]);
  });

  test.each(twice)('%s is refused even if there are claims enough', (_, write) => {
    const ref = own(StringRef.from('x'));
    const other = own(ref.retain());
    blocked(() => write(ref.move()), 'ERR_NO_CLAIM');
    expect(counts(ref)).toEqual([2, 0]);
    expect(other.obtainValue()).toBe('x');
  });

  test('two refs of one object with a claim each may be', () => {
    const ref = StringRef.from('x');
    const vector = own(new VectorRef<StringRef>());
    const other = ref.retain();
    vector.push(ref.move(), other.move());
    expect(counts(vector.at(0)!)).toEqual([0, 2]);
  });

  test('a share of a graph that reaches a moved ref twice holds it twice', () => {
    const ref = StringRef.from('x');
    ref.move();
    const shared = own(share([ref, ref]));
    expect(counts(own(new StringRef(ref.id)))).toEqual([0, 2]);
    expect(shared.obtainValue()).toEqual(['x', 'x']);
  });
});

test('moving a claim that is gone fails', () => {
  const ref = StringRef.from('x');
  const holder = own(VectorRef.from([ref]));
  new StringRef(ref.id).drop(); // takes the claim that ref believes to own
  const vector = own(new VectorRef());
  blocked(() => vector.push(ref.move()), 'ERR_NO_CLAIM');
  expect(vector.length).toBe(0);
  expect(counts(holder.at(0)!)).toEqual([0, 1]);
});

test('a write that was not needed leaves the ref to be moved', () => {
  const map = own(MapRef.from<any>({ k: 1 }));
  const ref = own(StringRef.from('x'));
  expect(map.getOrInsert('k', ref.move())).toBe(1);
  expect(map.compareExchange('k', 2, ref.move())).toBe(1);
  expect(counts(ref)).toEqual([1, 0]);
  expect(ref.obtainValue()).toBe('x');
});

test('getOrInsertComputed drops the moved result that came too late', () => {
  const map = own(new MapRef<string, any>());
  const late = StringRef.from('late');
  const result = map.getOrInsertComputed('k', () => {
    map.set('k', 'early');
    return late.move();
  });
  expect(result).toBe('early');
  expect(late.isAlive).toBe(false);
});

test('move of a finished ref fails', () => {
  const ref = StringRef.from('x');
  ref.drop();
  blocked(() => ref.move(), 'ERR_USE_AFTER_FREE');
});

test('a marked ref can still be used, retained and dropped', () => {
  const ref = StringRef.from('x').move();
  expect(ref.obtainValue()).toBe('x');
  ref.retain().drop();
  expect(counts(ref)).toEqual([1, 0]);
  ref.drop();
  expect(ref.isAlive).toBe(false);
});

test('a container moved into itself, and dropped as part of the cycle by clear', () => {
  const map = own(new MapRef<string, Ref>());
  const inner = new VectorRef<Ref>();
  inner.push(map);
  map.set('inner', inner.move());
  expect(counts(map)).toEqual([1, 1]);
  map.clear();
  expect(counts(map)).toEqual([1, 0]);
});
