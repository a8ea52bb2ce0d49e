// Chains of a million nested objects: dropped, obtained, shared, shown, written as JSON. A result or
// a RangeError, never a crash. In processes of their own, for the memory.
import type { Ref } from 'shared-heap';
import { inChild } from './support';

const LENGTH = 1_000_000;

/** What each step came to: its result in short, or the name of its error. */
function run(kind: 'map' | 'vector' | 'struct', length: number): Record<string, unknown> {
  return inChild(
    (heap, which, n: number) => {
      const { inspect } = require('node:util') as typeof import('node:util'); // eslint-disable-line
      const Link = new heap.StructFactory({ next: 'ref' });
      const wrap: Record<string, (inner: any) => any> = {
        map: (inner) => (inner ? heap.MapRef.from({ next: inner }) : heap.MapRef.from({})),
        vector: (inner) => heap.VectorRef.from<any>(inner ? [inner] : []),
        struct: (inner) => Link.new({ next: inner ?? null }),
      };
      const before = heap.heap.stats().objects;
      const build = (): Ref & { obtainValue(): unknown } => {
        let ref = wrap[which]!(undefined);
        for (let i = 1; i < n; i++) ref = wrap[which]!(ref.move());
        return ref;
      };
      const report: Record<string, unknown> = {};
      const step = (name: string, task: () => unknown): void => {
        try {
          report[name] = task();
        } catch (error) {
          report[name] = (error as Error).name;
        }
      };
      const depthOf = (plain: any): number => {
        let depth = 0;
        for (let at = plain; at; at = Array.isArray(at) ? at[0] : at.next) depth += 1;
        return depth;
      };
      const chain = build();
      step('objects', () => heap.heap.stats().objects - before);
      let plain: unknown;
      step('obtained', () => depthOf((plain = chain.obtainValue())));
      step('json', () => JSON.stringify(chain).length);
      step('inspected', () => inspect(chain, { depth: null }).length > 100);
      step('inspected to depth 2', () => inspect(chain).length < 1000);
      step('inspected to Infinity', () => inspect(chain, { depth: Infinity }).length > 100);
      step('verified', () => heap.heap.verify().ok);
      step('dropped', () => chain.drop());
      step('left', () => heap.heap.stats().objects - before);
      if (which !== 'struct') {
        let shared: Ref | undefined;
        step('shared', () => {
          shared = heap.share(plain as object);
          return heap.heap.stats().objects - before;
        });
        step('refused', () => {
          // The same chain with something unsupported at its end.
          let end: any = plain;
          for (let next = end; next; next = Array.isArray(next) ? next[0] : next.next) end = next;
          if (Array.isArray(end)) end.push(Symbol('s'));
          else end.next = Symbol('s');
          try {
            heap.share(plain as object);
          } catch (error) {
            return (error as any).code;
          }
        });
        step('dropped again', () => shared!.drop());
      }
      report.end = heap.heap.stats().objects - before;
      report.ok = heap.heap.verify().ok;
      return report;
    },
    [kind, length],
    { flags: ['--max-old-space-size=4096'] },
  );
}

test.each(['map', 'vector', 'struct'] as const)('a chain of a million: %s', (kind) => {
  const report = run(kind, LENGTH);
  expect(report).toMatchObject({
    objects: LENGTH,
    obtained: LENGTH,
    'inspected to depth 2': true,
    verified: true,
    left: 0,
    end: 0,
    ok: true,
  });
  expect(report.dropped).toBeUndefined();
  // JSON.stringify itself recurses; what inspect shows ends somewhere.
  expect(report.json).toBe('RangeError');
  for (const name of ['inspected', 'inspected to Infinity']) {
    expect([true, 'RangeError']).toContain(report[name]);
  }
  if (kind !== 'struct') {
    expect(report.shared).toBe(LENGTH);
    expect(report.refused).toBe('ERR_UNSUPPORTED_VALUE');
  }
});

test('a chain short enough is written as JSON', () => {
  expect(run('map', 500)).toMatchObject({ obtained: 500, json: 500 * '{"next":}'.length + 2 - 9 });
});
