// heap.scope(): which claims belong to a scope, and what its end does.
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
  heap,
  names,
  share,
} from 'shared-heap';
import type { HeapScope, Ref } from 'shared-heap';
import { blocked, checkHeap, counts, inChild, native, own } from './support';

const open: HeapScope[] = [];
afterEach(() => {
  for (const scope of open.splice(0)) scope.end();
});
checkHeap(); // looks when that is done

function scopeOf(): HeapScope {
  const scope = heap.scope();
  open.push(scope);
  return scope;
}

function expectFinished(...refs: Ref[]): void {
  for (const ref of refs) blocked(() => ref.retain(), 'ERR_USE_AFTER_FREE', /use after free/);
}

describe('claims taken inside belong to the scope', () => {
  test('every way to make an object', () => {
    const before = heap.stats().objects;
    const Point = new StructFactory({ x: 'number', y: 'number' });
    const scope = scopeOf();
    const refs: Ref[] = [
      new StringRef(),
      StringRef.from('a text that lies outside its slot'),
      NumberRef.from(1),
      MapRef.from({ a: 1 }),
      VectorRef.from([1, 2]),
      BufferRef.alloc(100),
      BufferRef.from(new Uint8Array(3)),
      Point.new({ x: 1 }),
      ...Point.newMany([{}, {}]),
      share({ deep: { er: [1, 'two'] } }),
      share('text'),
    ];
    expect(heap.stats().objects - before).toBe(14);
    scope.end();
    expect(heap.stats().objects).toBe(before);
    for (const ref of refs) expect(ref.isAlive).toBe(false);
    expectFinished(...refs);
  });

  test('every way to take one more claim, or one over', () => {
    const text = own(StringRef.from('text'));
    const map = own(MapRef.from({ held: StringRef.from('held').move(), text }));
    const vector = own(VectorRef.from([StringRef.from('popped').move(), text]));
    const adopted = StringRef.from('left behind');
    names.set('scope test', text);
    const scope = scopeOf();
    const taken = [
      text.retain(),
      StringRef.acquire(text.id),
      StringRef.adopt(adopted.id),
      map.acquire('text'),
      map.take('held'),
      vector.acquire(1),
      vector.shift(),
      names.acquire('scope test'),
    ] as Ref[];
    expect(counts(text)).toEqual([6, 3]);
    scope.end();
    expect(counts(text)).toEqual([1, 3]);
    expect(adopted.isAlive).toBe(false);
    expectFinished(...taken);
    expect(map.has('held')).toBe(false);
  });

  test('not what was there before, and not what only borrows', () => {
    const before = own(StringRef.from('before'));
    const scope = scopeOf();
    const borrowed = new StringRef(before.id);
    scope.end();
    expect(before.obtainValue()).toBe('before');
    expect(borrowed.obtainValue()).toBe('before');
  });

  test('not what was dropped or moved inside', () => {
    const map = own(new MapRef<string, StringRef>());
    const other = own(StringRef.from('claimed outside too'));
    const scope = scopeOf();
    other.retain().drop();
    map.set('moved', StringRef.from('moved').move());
    map.set('other', other.retain().move());
    {
      const disposed = other.retain();
      disposed[Symbol.dispose]();
      disposed[Symbol.dispose]();
    }
    scope.end();
    expect(counts(other)).toEqual([1, 1]);
    expect(map.getValue('moved')).toBe('moved');
  });

  test('a move that fails leaves the claim to the scope', () => {
    const map = own(new MapRef<string>());
    const outside = own(StringRef.from('outside'));
    const scope = scopeOf();
    const inside = StringRef.from('inside');
    const vector = own(new VectorRef());
    const dead = StringRef.from('dead');
    new StringRef(dead.id).drop();
    blocked(() => vector.push(inside.move(), dead), 'ERR_USE_AFTER_FREE');
    blocked(() => vector.push(outside.move(), dead), 'ERR_USE_AFTER_FREE');
    expect(counts(inside)).toEqual([1, 0]);
    expect(counts(outside)).toEqual([1, 0]);
    scope.keep(vector);
    scope.end();
    expect(inside.isAlive).toBe(false);
    expect(outside.isAlive).toBe(true);
    map.set('moved at last', outside);
    expect(counts(outside)).toEqual([0, 1]);
  });
});

describe('keep', () => {
  test('lets a ref out and returns it', () => {
    const scope = scopeOf();
    const kept = own(scope.keep(MapRef.from({ a: 1 })));
    const left = new MapRef();
    scope.end();
    expect(kept.get('a')).toBe(1);
    expect(left.isAlive).toBe(false);
  });

  test('lets it into the scope around', () => {
    const outer = scopeOf();
    const inner = scopeOf();
    const twice = inner.keep(new MapRef());
    const once = inner.keep(new MapRef());
    inner.end();
    expect(once.isAlive).toBe(true);
    outer.keep(twice);
    outer.end();
    expect(once.isAlive).toBe(false);
    expect(own(twice).isAlive).toBe(true);
  });

  test('refuses what owns no claim of the scope', () => {
    const before = own(new MapRef());
    const outer = scopeOf();
    const outers = new MapRef();
    const inner = scopeOf();
    const map = new MapRef();
    blocked(() => inner.keep(before), 'ERR_NO_CLAIM', /owns no claim of this scope/);
    blocked(() => inner.keep(outers), 'ERR_NO_CLAIM');
    blocked(() => inner.keep(new MapRef(map.id)), 'ERR_NO_CLAIM');
    own(outer.keep(inner.keep(map)));
    blocked(() => outer.keep(map), 'ERR_NO_CLAIM');
    blocked(() => outer.keep({ id: map.id } as never), 'ERR_INVALID_ARG_TYPE');
    const dropped = new MapRef();
    dropped.drop();
    blocked(() => inner.keep(dropped), 'ERR_USE_AFTER_FREE');
    inner.end();
    blocked(() => inner.keep(own(outer.keep(new MapRef()))), 'ERR_NO_CLAIM');
  });
});

describe('the end', () => {
  test('may come twice, by end() or by using', () => {
    const scope = scopeOf();
    const ref = new MapRef();
    scope[Symbol.dispose]();
    expect(ref.isAlive).toBe(false);
    scope.end();
    scope[Symbol.dispose]();
    own(new MapRef()); // belongs to nothing
  });

  test('may come in any order: each scope gives up its own', () => {
    const a = scopeOf();
    const ofA = new MapRef();
    const b = scopeOf();
    const ofB = new MapRef();
    a.end();
    expect([ofA.isAlive, ofB.isAlive]).toEqual([false, true]);
    const alsoOfB = new MapRef();
    b.end();
    expect([ofB.isAlive, alsoOfB.isAlive]).toEqual([false, false]);
  });

  test('finishes refs though their objects live on, and though they are gone', () => {
    const map = own(new MapRef<string, MapRef>());
    const scope = scopeOf();
    const held = new MapRef();
    map.set('held', held);
    const gone = new MapRef();
    new MapRef(gone.id).drop();
    scope.end();
    expectFinished(held, gone);
    expect(counts(map.get('held')!)).toEqual([0, 1]);
  });

  test('does not depend on what subclasses make of dispose', () => {
    class Sly extends MapRef {
      override [Symbol.dispose](): void {
        throw new Error('never called');
      }
    }
    const scope = scopeOf();
    const ref = new Sly();
    scope.end();
    expect(ref.isAlive).toBe(false);
  });

  test('gives up claims that never got a ref', () => {
    class Broken extends MapRef {
      constructor() {
        super();
        throw new Error('on purpose');
      }
    }
    const before = heap.stats().objects;
    const scope = scopeOf();
    expect(() => new Broken()).toThrow('on purpose');
    native.mapNew(false);
    scope.end();
    expect(heap.stats().objects).toBe(before);
  });

  test('what other tasks take while a scope is open belongs to it', async () => {
    const scope = scopeOf();
    const other = await Promise.resolve().then(() => new MapRef());
    scope.end();
    expect(other.isAlive).toBe(false);
  });

  test('100,000 claims', () => {
    const before = heap.stats().objects;
    const number = own(NumberRef.from(1));
    const scope = scopeOf();
    for (let i = 0; i < 50_000; i++) {
      NumberRef.from(i);
      number.retain();
    }
    expect(counts(number)).toEqual([50_001, 0]);
    scope.end();
    expect(counts(number)).toEqual([1, 0]);
    expect(heap.stats().objects).toBe(before + 1);
  });
});

test('scopes work without views and fast calls', () => {
  const left = inChild(
    ({ NumberRef: Numbers, StringRef: Strings, MapRef: Maps, heap: all }) => {
      const scope = all.scope();
      const map = scope.keep(new Maps<string>());
      for (let i = 0; i < 1000; i++) {
        Numbers.from(i).retain();
        map.set('last', Strings.from(`${i}`).move());
      }
      scope.end();
      return all.stats().objects;
    },
    [],
    { env: { SHARED_HEAP_NO_VIEW: '1' } },
  );
  expect(left).toBe(2);
});
