// What threads can see of each other's loads and stores of numbers: see fixtures/litmus.cjs for the
// programs, "Memory model of numbers" in docs/concurrency.md for what is promised. Outcomes that are
// promised not to be are asserted to be absent; the others are counted and printed. LITMUS_MS is how
// long each runs.
import { expectSound, runWorkers } from './support';

type Counts = Record<string, number>;

const { makeCells, names, kinds } = jest.requireActual<{
  makeCells: (shared: object, kind: string) => { data: object; drop: () => void };
  names: string[];
  kinds: string[];
}>('./fixtures/litmus.cjs');
const shared = jest.requireActual<object>('shared-heap');

const ms = Number(process.env['LITMUS_MS'] ?? 150);

/** By program: which outcomes must not be. */
const isForbidden: Record<string, (outcome: string) => boolean> = {
  messagePassing: () => false,
  messagePassingByCalls: (outcome) => outcome === 'flag 1 message 0',
  storeBuffering: () => false,
  storeBufferingByCalls: (outcome) => outcome === 'seen 0 and 0',
  loadBuffering: () => false,
  loadsGoForwards: (outcome) => outcome === 'back',
  lastStoreStays: (outcome) => !['ends with 2', 'ends with 4'].includes(outcome),
  ownStoreSeen: (outcome) => outcome.startsWith('seen 0') || outcome === 'seen 2 ends with 1',
  wholeDoubles: (outcome) => outcome === 'torn',
};

test('every program is judged', () => {
  expect(Object.keys(isForbidden)).toEqual(names);
});

describe.each(kinds)('%s', (kind) => {
  afterAll(expectSound);

  test.each(names)('%s', async (name) => {
    const { data, drop } = makeCells(shared, kind);
    const [first] = await runWorkers<{ rounds: number; counts: Counts }>(2, 'litmus', {
      name,
      ms,
      ...data,
    });
    drop();
    const { rounds, counts } = first!;
    const line = Object.entries(counts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([outcome, n]) => `${outcome}: ${n}`)
      .join(', ');
    process.stderr.write(`litmus: ${kind} ${name}: ${rounds} rounds; ${line}\n`);
    expect(rounds).toBeGreaterThan(0);
    expect(Object.keys(counts).filter(isForbidden[name]!)).toEqual([]);
  });
});
