// heap.leaks() and heap.report(): who keeps what, where it was made, what it takes.
import { dirname } from 'node:path';
import { MapRef, NumberRef, StringRef, VectorRef, heap, names, share } from 'shared-heap';
import type { HeapLeaks, HeapReport } from 'shared-heap';
import { blocked, checkHeap, commonJsFile, inChild, native, own } from './support';

const dist = dirname(commonJsFile);

checkHeap();

function totals({ sites }: HeapLeaks) {
  const sum = (kept: 'claimed' | 'held' | 'cycles') =>
    sites.reduce((n, site) => n + site[kept].objects, 0);
  return { claimed: sum('claimed'), held: sum('held'), cycles: sum('cycles') };
}

/** What a change adds to the totals. */
function added(change: () => void) {
  const before = totals(heap.leaks());
  change();
  const after = totals(heap.leaks());
  return [
    after.claimed - before.claimed,
    after.held - before.held,
    after.cycles - before.cycles,
  ] as const;
}

describe('leaks', () => {
  test('splits live objects into claimed, held and cycles', () => {
    expect(added(() => own(share({ a: { b: [1] }, c: [] })))).toEqual([1, 3, 0]);
    expect(
      added(() => {
        names.set('leaks test', share([[], []]).move());
      }),
    ).toEqual([0, 3, 0]);
    expect(added(() => names.delete('leaks test'))).toEqual([0, -3, 0]);
  });

  test('finds cycles, with an object to look at', () => {
    let id = 0;
    expect(
      added(() => {
        const map = new MapRef<string>();
        const vector = VectorRef.from<MapRef | StringRef>([map]);
        map.set('back', vector);
        vector.push(StringRef.from('kept by the cycle').move());
        id = vector.id;
        map.drop();
        vector.drop();
      }),
    ).toEqual([0, 0, 3]);
    const site = heap.leaks().sites.find(({ cycles }) => cycles.objects > 0);
    expect(native.typeOf(site?.cycles.example)).not.toBe(0);
    // As the report says: it is not collected. One of them is cleared.
    expect(added(() => new VectorRef(id).clear())).toEqual([0, 0, -3]);
  });

  test('without tracing every site is unknown', () => {
    own(new MapRef());
    const { sites, quiescent } = heap.leaks();
    expect(quiescent).toBe(true);
    expect(sites.map(({ site }) => site)).toEqual(['unknown']);
    expect(sites[0]?.claimed.bytes).toBeGreaterThanOrEqual(32);
  });
});

describe('SHARED_HEAP_TRACE=1', () => {
  test('every way to make an object remembers its stack', () => {
    const sites = inChild(
      (all) => {
        const { StringRef: S, NumberRef: N, MapRef: M, VectorRef: V, BufferRef: B } = all;
        const Factory = new all.StructFactory({ n: 'number' });
        const makers: Record<string, () => unknown> = {
          newString: () => new S(),
          stringFrom: () => S.from('text'),
          numberFrom: () => N.from(1),
          mapFrom: () => M.from({ a: 1 }),
          vectorFrom: () => V.from([1]),
          bufferAlloc: () => B.alloc(1),
          bufferFrom: () => B.from(new Uint8Array(1)),
          structNew: () => Factory.new(),
          structNewMany: () => Factory.newMany([{}, {}]),
          shareGraph: () => all.share({ a: [] }),
          shareText: () => all.share('text'),
          byName: () => M.named('traced'),
          computed: () => new M<string, InstanceType<typeof M>>().getOrInsertComputed('k', () => new M().move()), // prettier-ignore
        };
        for (const make of Object.values(makers)) make();
        return all.heap.leaks().sites;
      },
      [],
      { env: { SHARED_HEAP_TRACE: '1' } },
    );
    const objectsAt = new Map<string, number>();
    for (const { site, claimed, held } of sites) {
      const name = /at (?:Object\.|Array\.)?(\w+) /.exec(site)?.[1] ?? site;
      objectsAt.set(name, (objectsAt.get(name) ?? 0) + claimed.objects + held.objects);
      expect(site).not.toContain(dist);
      expect(site).not.toContain('node:internal/');
    }
    expect(Object.fromEntries(objectsAt)).toMatchObject({
      newString: 1,
      stringFrom: 1,
      numberFrom: 1,
      mapFrom: 1,
      vectorFrom: 1,
      bufferAlloc: 1,
      bufferFrom: 1,
      structNew: 1,
      structNewMany: 2,
      shareGraph: 2,
      shareText: 1,
      byName: 1,
    });
    expect([...objectsAt.values()].reduce((a, b) => a + b)).toBe(16);
  });

  test('one place is one site, also for optimised code, and a dead object is forgotten', () => {
    const sites = inChild(
      ({ NumberRef: N, heap: all }) => {
        const make = (i: number) => N.from(i);
        const made = Array.from({ length: 20_000 }, (_, i) => make(i));
        for (const ref of made.slice(100)) ref.drop();
        return all.leaks().sites.map(({ claimed }) => claimed.objects);
      },
      [],
      { env: { SHARED_HEAP_TRACE: '1' } },
    );
    expect(sites).toEqual([100]);
  });

  test('sites of workers are seen by all', () => {
    const sites = inChild(
      async (all, threads, file) => {
        const { Worker } = require(threads) as typeof import('node:worker_threads'); // eslint-disable-line
        const source = `
          const { MapRef } = require(${JSON.stringify(file)});
          function madeInAWorker() { new MapRef(); }
          madeInAWorker();`;
        const worker = new Worker(source, { eval: true });
        await new Promise((resolve) => worker.once('exit', resolve));
        return all.heap.leaks().sites;
      },
      ['node:worker_threads', commonJsFile],
      { env: { SHARED_HEAP_TRACE: '1' } },
    );
    expect(sites).toHaveLength(1);
    expect(sites[0]?.site).toMatch(/^at madeInAWorker /);
  });

  test('a program that replaces stacks by something else is left alone', () => {
    const sites = inChild(
      ({ MapRef: M, heap: all }) => {
        const prepare = Error.prepareStackTrace;
        Error.prepareStackTrace = () => ({ not: 'a text' });
        new M();
        Error.prepareStackTrace = () => {
          throw new Error('on purpose');
        };
        new M();
        Error.prepareStackTrace = prepare;
        return all.leaks().sites;
      },
      [],
      { env: { SHARED_HEAP_TRACE: '1' } },
    );
    expect(sites).toMatchObject([{ site: 'unknown', claimed: { objects: 2 } }]);
  });
});

describe('report', () => {
  const figures = (): HeapReport => heap.report({ format: 'json' });

  test('adds up types, as stats does', () => {
    own(share({ a: [1, 2, { b: 'a text that lies outside' }], c: new Uint8Array(100) }));
    own(NumberRef.from(1));
    const { types, stats, quiescent } = figures();
    expect(quiescent).toBe(true);
    for (const { type, objects } of types) expect(objects).toBe(stats.objectsByType[type]);
    expect(types.reduce((n, { objects }) => n + objects, 0)).toBe(stats.objects);
    const bytes = types.reduce((n, type) => n + type.bytes, 0);
    expect(bytes - 32 * stats.objects).toBeLessThanOrEqual(stats.liveBytes); // the rest is shapes
    expect(types.map((type) => type.bytes)).toEqual(
      types.map((type) => type.bytes).sort((a, b) => b - a),
    );
  });

  test('names the largest objects', () => {
    const big = own(StringRef.from('x'.repeat(200_000)));
    names.set('the big one', big);
    const { biggest } = figures();
    expect(biggest).toHaveLength(Math.min(10, heap.stats().objects));
    expect(biggest[0]).toEqual({
      id: big.id,
      type: 'StringRef',
      bytes: 200_000 + 8 + 32,
      name: 'the big one',
    });
  });

  test('tells what names reach', () => {
    const shared = own(new VectorRef());
    names.set('a', share({ shared, own: [[]] }).move());
    names.set('b', share([shared]).move());
    const { names: found, moreNames } = figures();
    expect(found.map(({ name, type, objects }) => [name, type, objects])).toEqual([
      ['a', 'MapRef', 4],
      ['b', 'VectorRef', 2],
    ]);
    expect(moreNames).toBe(0);
  });

  test('lists 100 names and counts the others', () => {
    const ref = own(new MapRef());
    for (let i = 0; i < 130; i++) names.set(`name ${i}`, ref);
    const report = figures();
    expect(report.names).toHaveLength(100);
    expect(report.moreNames).toBe(30);
    expect(heap.report()).toContain('and 30 more names');
  });

  test('fragmentation rises with what was freed in between', () => {
    const { before, after } = inChild(({ StringRef: S, heap: all }) => {
      const refs = Array.from({ length: 20_000 }, (_, i) => S.from(`${i} ${'x'.repeat(300)}`));
      const full = all.report({ format: 'json' }).fragmentation;
      refs.forEach((ref, i) => i % 10 > 0 && ref.drop());
      return { before: full, after: all.report({ format: 'json' }).fragmentation };
    }, []);
    expect(before).toBeGreaterThanOrEqual(0);
    expect(before).toBeLessThan(0.4);
    expect(after).toBeGreaterThan(0.6);
    expect(after).toBeLessThan(1);
  });

  test('as a text fits 80 columns, whatever the names and stacks', () => {
    const text = inChild(
      ({ MapRef: M, share: put, names: all, heap: h }) => {
        all.set('a name that is longer than any column has room for '.repeat(5), put({ a: [] }));
        all.set('multi\nline\u0007', new M());
        const nested = (depth: number): unknown => (depth === 0 ? new M() : nested(depth - 1));
        nested(5);
        const circle = new M<string>();
        circle.set('self', circle);
        circle.drop();
        return h.report();
      },
      [],
      { env: { SHARED_HEAP_TRACE: '1' } },
    );
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toContain('\u0007');
    expect(text).toMatch(/^shared heap: 5 objects\n/);
    expect(text).toMatch(/"multi\\nline/);
    expect(text).toMatch(/1 in cycles \(\d+ B\)\n {6}at /);
    expect(text).toMatch(/at nested /);
    expect(text.endsWith('\n')).toBe(true);
  });

  test('an empty heap has a report', () => {
    const text = inChild(({ heap: all }) => all.report({}), []);
    expect(text).toMatch(/^shared heap: 0 objects\n {2}live +0 B/);
    expect(text.trim().split('\n')).toHaveLength(6);
  });

  test('refuses other options', () => {
    for (const options of [
      null,
      1,
      'json',
      [],
      { format: 'xml' },
      { format: 1 },
      { form: 'json' },
    ]) {
      blocked(() => heap.report(options as never), 'ERR_INVALID_ARG_TYPE');
    }
    expect(typeof heap.report({ format: undefined })).toBe('string');
  });
});
