// The rules of ownership (docs/architecture.md), one by one: who owns a claim, what a container holds.
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  names,
  refFromId,
  share,
} from 'shared-heap';
import type { Ref } from 'shared-heap';
import { allowed, blocked, checkHeap, counts, native, own } from './support';

checkHeap();

const Box = new StructFactory({ ref: 'ref', any: 'any' });

/** A container with one StringRef in it, which only the container keeps. */
interface Holder {
  container: Ref;
  text: StringRef;
  /** Reads the element as a ref that borrows. */
  read: () => StringRef;
}

const holders: [string, () => Holder][] = [
  [
    'MapRef',
    () => {
      const text = StringRef.from('held');
      const map = own(new MapRef<string, StringRef>().set('k', text.move()));
      return { container: map, text: own(new StringRef(text.id)), read: () => map.get('k')! };
    },
  ],
  [
    'VectorRef',
    () => {
      const text = StringRef.from('held');
      const vector = own(VectorRef.from([text.move()]));
      return { container: vector, text: own(new StringRef(text.id)), read: () => vector.at(0)! };
    },
  ],
  [
    'struct',
    () => {
      const text = StringRef.from('held');
      const box = own(Box.new({ ref: text.move() }));
      return {
        container: box,
        text: own(new StringRef(text.id)),
        read: () => box.ref as StringRef,
      };
    },
  ],
];

describe('refs that own', () => {
  const producers: [string, () => Ref][] = [
    ['new StringRef()', () => new StringRef()],
    ['new NumberRef()', () => new NumberRef()],
    ['new MapRef()', () => new MapRef()],
    ['new VectorRef()', () => new VectorRef()],
    ['new BufferRef()', () => new BufferRef()],
    ['StringRef.from', () => StringRef.from('x')],
    ['NumberRef.from', () => NumberRef.from(1)],
    ['MapRef.from', () => MapRef.from({})],
    ['VectorRef.from', () => VectorRef.from([])],
    ['BufferRef.from', () => BufferRef.from(new Uint8Array(1))],
    ['BufferRef.alloc', () => BufferRef.alloc(1)],
    ['factory.new', () => Box.new()],
    ['factory.newProxy', () => Box.newProxy()],
    ['factory.new_proxy', () => Box.new_proxy()],
    ['factory.newMany', () => Box.newMany([{}])[0]!],
    ['share', () => share({ a: 1 })],
  ];

  test.each(producers)('%s makes one, whose drop destroys', (_, produce) => {
    const ref = produce();
    expect(counts(ref)).toEqual([1, 0]);
    expect(ref.isAlive).toBe(true);
    expect(ref.drop()).toBeUndefined();
    expect(ref.isAlive).toBe(false);
  });

  test.each(producers)('%s: retain and acquire own one more claim each', (_, produce) => {
    const ref = own(produce());
    const retained = own(ref.retain());
    expect(retained).not.toBe(ref);
    expect(retained.id).toBe(ref.id);
    expect(retained.constructor).toBe(ref.constructor);
    expect(counts(ref)).toEqual([2, 0]);
    ref.drop();
    expect(retained.isAlive).toBe(true);
    expect(counts(retained)).toEqual([1, 0]);
    retained.drop();
    expect(retained.isAlive).toBe(false);
  });

  test('retain through a subclass whose constructor attaches to nothing loses no claim', () => {
    class Fresh extends MapRef {
      constructor(readonly label: string) {
        super();
      }
    }
    const ref = new Fresh('a');
    const objects = heap.stats().objects;
    blocked(() => ref.retain(), 'ERR_INVALID_ARG_TYPE', /constructor of Fresh/);
    expect(heap.stats().objects).toBe(objects);
    expect(counts(ref)).toEqual([1, 0]);
    ref.drop();
  });
});

describe('refs that borrow', () => {
  const producers: [string, (ref: StringRef) => Ref][] = [
    ['new X(id)', (ref) => new StringRef(ref.id)],
    ['new X({ id })', (ref) => new StringRef({ id: ref.id })],
    ['refFromId(id)', (ref) => refFromId(ref.id)],
    ['refFromId(ref)', (ref) => refFromId(ref)],
    ['map.get', (ref) => own(MapRef.from({ ref })).get('ref')!],
    ['map.getMany', (ref) => own(MapRef.from({ ref })).getMany(['ref'])[0]!],
    ['map.getOrInsert', (ref) => own(MapRef.from<Ref>({ ref })).getOrInsert('ref', ref)],
    ['map iteration', (ref) => [...own(MapRef.from({ ref }))][0]![1]],
    ['map.values', (ref) => [...own(MapRef.from({ ref })).values()][0]!],
    [
      'map.forEach',
      (ref) => {
        let found: Ref = ref;
        own(MapRef.from({ ref })).forEach((value) => (found = value));
        return found;
      },
    ],
    ['vector.at', (ref) => own(VectorRef.from([ref])).at(0)!],
    ['vector.index', (ref) => own(VectorRef.from([ref])).index(0)!],
    ['vector.find', (ref) => own(VectorRef.from([ref])).find(() => true)!],
    ['vector.filter', (ref) => own(VectorRef.from([ref])).filter(() => true)[0]!],
    ['vector.map', (ref) => own(VectorRef.from([ref])).map((value) => value)[0]!],
    ['vector.slice', (ref) => own(VectorRef.from([ref])).slice()[0]!],
    ['vector iteration', (ref) => [...own(VectorRef.from([ref]))][0]!],
    ['struct.getKey', (ref) => own(Box.new({ ref })).getKey('ref')!],
    ['struct accessor', (ref) => own(Box.new({ ref })).ref!],
    [
      'names.get',
      (ref) => {
        names.set('borrowing', ref);
        return names.get('borrowing')!;
      },
    ],
  ];

  test.each(producers)('%s: dispose finishes without giving up a claim', (_, borrow) => {
    const ref = own(StringRef.from('x'));
    const borrowed = borrow(ref);
    expect(borrowed).toBeInstanceOf(StringRef);
    expect(borrowed).not.toBe(ref);
    const before = counts(ref);
    expect(before[0]).toBe(1);
    borrowed[Symbol.dispose]();
    expect(counts(ref)).toEqual(before);
    blocked(() => borrowed.retain(), 'ERR_USE_AFTER_FREE');
    expect(ref.obtainValue()).toBe('x');
  });

  test.each(producers)('%s: cannot be moved', (_, borrow) => {
    const borrowed = borrow(own(StringRef.from('x')));
    blocked(() => borrowed.move(), 'ERR_NO_CLAIM', /retain\(\)/);
    expect(borrowed.isAlive).toBe(true);
  });

  test("drop gives up one of the object's claims", () => {
    const ref = StringRef.from('x');
    new StringRef(ref.id).drop();
    expect(ref.isAlive).toBe(false);
    blocked(() => ref.obtainValue(), 'ERR_USE_AFTER_FREE', /use after free/);
    blocked(() => ref.drop(), 'ERR_USE_AFTER_FREE');
  });

  test.each(holders)('drop never takes the hold of a %s', (_, make) => {
    const { text, read } = make();
    expect(counts(text)).toEqual([0, 1]);
    const borrowed = read();
    blocked(() => borrowed.drop(), 'ERR_NO_CLAIM');
    expect(counts(text)).toEqual([0, 1]);
    expect(borrowed.obtainValue()).toBe('held');
    blocked(() => StringRef.adopt(text.id), 'ERR_NO_CLAIM', /acquire\(\)/);
    const acquired = StringRef.acquire(text.id);
    expect(counts(text)).toEqual([1, 1]);
    acquired.drop();
    expect(counts(text)).toEqual([0, 1]);
  });
});

describe('drop, dispose, adopt', () => {
  test('drop twice throws, dispose twice does not', () => {
    const ref = StringRef.from('x');
    ref.drop();
    blocked(() => ref.drop(), 'ERR_USE_AFTER_FREE', /use after free/);
    ref[Symbol.dispose]();
    ref[Symbol.dispose]();
    const other = own(StringRef.from('y'));
    const retained = other.retain();
    retained[Symbol.dispose]();
    retained[Symbol.dispose]();
    expect(counts(other)).toEqual([1, 0]);
  });

  test('dispose of an owning ref whose object is gone does nothing', () => {
    const ref = StringRef.from('x');
    new StringRef(ref.id).drop();
    expect(() => ref[Symbol.dispose]()).not.toThrow();
  });

  test('using gives the claim up at the end of the block', () => {
    let id = 0;
    {
      using ref = StringRef.from('x');
      id = ref.id;
      expect(new StringRef(id).obtainValue()).toBe('x');
    }
    blocked(() => new StringRef(id), 'ERR_USE_AFTER_FREE');
  });

  test('adopt owns a claim that was left behind', () => {
    const { id } = StringRef.from('left behind');
    const adopted = StringRef.adopt(id);
    expect(native.counts(id)).toEqual([1, 0]);
    adopted[Symbol.dispose]();
    blocked(() => StringRef.adopt(id), 'ERR_USE_AFTER_FREE');
  });

  test('a failed drop leaves the ref usable', () => {
    const { read } = holders[0]![1]();
    const borrowed = read();
    blocked(() => borrowed.drop(), 'ERR_NO_CLAIM');
    expect(borrowed.obtainValue()).toBe('held');
    allowed(() => borrowed.retain()).drop();
  });
});

describe('what a container holds', () => {
  test('setting takes a hold and leaves the claim', () => {
    const ref = own(StringRef.from('x'));
    const map = own(MapRef.from({ ref }));
    const vector = own(VectorRef.from([ref, ref]));
    const box = own(Box.new({ ref, any: ref }));
    names.set('held', ref);
    expect(counts(ref)).toEqual([1, 6]);
    map.drop();
    vector.drop();
    box.drop();
    names.delete('held');
    expect(counts(ref)).toEqual([1, 0]);
  });

  test('elements nobody claims go with the container, others live on', () => {
    const kept = own(StringRef.from('kept'));
    const moved = StringRef.from('moved');
    const { id } = moved;
    const map = MapRef.from<Ref>({ kept, moved: moved.move() });
    map.drop();
    expect(kept.obtainValue()).toBe('kept');
    blocked(() => new StringRef(id), 'ERR_USE_AFTER_FREE');
  });

  const releases: [string, (ref: StringRef) => void][] = [
    ['map.delete', (ref) => own(MapRef.from({ ref })).delete('ref')],
    ['map.remove', (ref) => own(MapRef.from({ ref })).remove('ref')],
    ['map.clear', (ref) => own(MapRef.from({ ref })).clear()],
    ['map.set', (ref) => own(MapRef.from<any>({ ref })).set('ref', 1)],
    ['map.setMany', (ref) => own(MapRef.from<any>({ ref })).setMany({ ref: 1 })],
    ['map.compareExchange', (ref) => own(MapRef.from<any>({ ref })).compareExchange('ref', ref, 1)],
    ['vector.setAt', (ref) => own(VectorRef.from<any>([ref])).setAt(0, 1)],
    ['vector.fill', (ref) => own(VectorRef.from<any>([ref, ref])).fill(1)],
    ['vector.removeAt', (ref) => own(VectorRef.from([ref])).removeAt(0)],
    ['vector.clear', (ref) => own(VectorRef.from([ref])).clear()],
    ['struct.setKey', (ref) => own(Box.new({ ref })).setKey('ref', null)],
    ['struct accessor', (ref) => (own(Box.new({ any: ref })).any = 1)],
    [
      'names.set',
      (ref) => {
        names.set('n', ref);
        names.set('n', own(new StringRef()));
      },
    ],
    [
      'names.delete',
      (ref) => {
        names.set('n', ref);
        names.delete('n');
      },
    ],
  ];

  test.each(releases)('%s releases the hold', (_, release) => {
    const ref = own(StringRef.from('x'));
    release(ref);
    expect(counts(ref)).toEqual([1, 0]);
  });

  test.each(releases)('%s destroys what nobody claims', (_, release) => {
    const ref = StringRef.from('x');
    const before = heap.stats().objects;
    // Gives the claim up as soon as there is a hold.
    const holder = own(VectorRef.from([ref]));
    new StringRef(ref.id).drop();
    expect(counts(ref)).toEqual([0, 1]);
    release(ref);
    holder.clear();
    blocked(() => new StringRef(ref.id), 'ERR_USE_AFTER_FREE');
    expect(heap.stats().objects).toBeLessThanOrEqual(before + 2);
  });

  test('replacing an element by itself keeps it', () => {
    const moved = StringRef.from('x');
    const map = own(new MapRef<string, StringRef>().set('k', moved.move()));
    const text = own(new StringRef(moved.id));
    map.set('k', text);
    expect(counts(text)).toEqual([0, 1]);
    const vector = own(VectorRef.from([text]));
    vector.setAt(0, text).fill(text);
    expect(counts(text)).toEqual([0, 2]);
  });
});

describe('what is taken out is handed over', () => {
  const takes: [string, (ref: StringRef) => StringRef][] = [
    ['map.take', (ref) => own(new MapRef<string, StringRef>().set('k', ref.move())).take('k')!],
    ['vector.pop', (ref) => own(VectorRef.from([ref.move()])).pop()!],
    ['vector.shift', (ref) => own(VectorRef.from([ref.move()])).shift()!],
    ['vector.splice', (ref) => own(VectorRef.from<any>([1, ref.move()])).splice(1, 1)[0]],
    [
      'vector.splice of many',
      (ref) =>
        own(VectorRef.from<any>([...Array<number>(3000).fill(1), ref.move()])).splice(0)[3000],
    ],
  ];

  test.each(takes)('%s', (_, take) => {
    const ref = StringRef.from('x');
    const taken = take(ref);
    expect(counts(taken)).toEqual([1, 0]);
    blocked(() => ref.obtainValue(), 'ERR_USE_AFTER_FREE');
    expect(taken.move()).toBe(taken); // it owns
    taken.drop();
    expect(taken.isAlive).toBe(false);
  });

  test('acquire leaves the element where it is', () => {
    const ref = own(StringRef.from('x'));
    const map = own(MapRef.from({ ref }));
    const vector = own(VectorRef.from([ref]));
    const box = own(Box.new({ ref }));
    names.set('acquired', ref);
    const acquired = [
      map.acquire('ref'),
      vector.acquire(0),
      vector.acquire(-1),
      box.acquire('ref'),
      names.acquire('acquired'),
      StringRef.acquire(ref.id),
    ] as StringRef[];
    expect(counts(ref)).toEqual([7, 4]);
    acquired.forEach((each) => each.drop());
    expect(counts(ref)).toEqual([1, 4]);
    expect([map.acquire('none'), vector.acquire(1), names.acquire('none')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
