// The direct view with threads that write, drop and reuse what it looks at. Short runs of the hunts
// that `npm run test:hunt` runs at length on several Nodes, with and without their compilers. In the
// environment variable NODES, separated by colons, other node binaries can be named.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Found {
  rounds: number;
  reads: number;
  caught: number;
  what: string[];
}
interface Options {
  node?: string | undefined;
  file?: string | undefined;
  env?: Record<string, string>;
}
type Run = (hunt: string, ms: number, options: Options) => Found;

const { writeVariants, runHunt, runUntilCaught, majorOf, nodes } = jest.requireActual<{
  writeVariants: (folder: string) => Record<string, string>;
  runHunt: Run;
  runUntilCaught: Run;
  majorOf: (node: string) => number;
  nodes: () => string[];
}>('./fixtures/view-variants.cjs');

const folder = mkdtempSync(join(tmpdir(), 'shared-heap-'));
const variants = writeVariants(folder);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Broken views can only be caught where there is a view. */
const env = { SHARED_HEAP_NO_VIEW: '' };

function expectNothing({ caught, what, reads }: Found): void {
  expect({ caught, what }).toEqual({ caught: 0, what: [] });
  expect(reads).toBeGreaterThan(0);
}

describe.each(nodes().map((node) => ({ major: majorOf(node), node })))(
  'Node $major',
  ({ node }) => {
    test.each([
      ['elements of a vector that is rewritten', 'vectors', 500],
      ['texts, fields and sizes that change', 'values', 500],
      ['objects that are dropped while they are read', 'objects', 500],
      ['objects that are dropped, whose slots are given back', 'pages', 500],
      ['an object that is dropped, read by code that has never met a dead one', 'tries', 500],
    ])('nobody reads what was never there: %s', (_, hunt, ms) => {
      expectNothing(runHunt(hunt, ms, { node }));
    });

    test.each([
      ['numbers', 'numbers'],
      ['fields of structs', 'fields'],
      ['numbers, with calls in between', 'numbers-and-calls'],
    ])('no store reaches another object: %s', (_, hunt) => {
      expectNothing(runHunt(hunt, 400, { node }));
    });

    test('a loop that waits for a store sees it', () => {
      expectNothing(runHunt('loops', 10, { node }));
    });

    test.each(['vectors', 'values', 'objects', 'pages'])(
      'the hunt for %s catches a view that does not check',
      (hunt) => {
        const found = runUntilCaught(hunt, 200, { node, file: variants.unchecked, env });
        expect(found.caught).toBeGreaterThan(0);
      },
    );

    test.each(['numbers', 'fields', 'numbers-and-calls'])(
      'the hunt for stores to %s catches a view without epochs',
      (hunt) => {
        const found = runUntilCaught(hunt, 400, { node, file: variants['no-epochs'], env });
        expect(found.caught).toBeGreaterThan(0);
      },
    );

    test('the scratch store is enough where V8 merges loads, of arrays that are constants', () => {
      expectNothing(runHunt('tries', 500, { node, file: variants.constants, env }));
    });
  },
);

// Of the Nodes of today only 26 merges them: `npm run test:hunt` fetches it, NODES may name it.
for (const node of nodes().filter((file) => majorOf(file) === 26)) {
  test('without it the hunt catches that', () => {
    const found = runUntilCaught('tries', 1000, { node, file: variants['no-scratch'], env });
    expect(found.caught).toBeGreaterThan(0);
  });
}
