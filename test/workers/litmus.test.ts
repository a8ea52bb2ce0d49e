// What threads can see of each other's loads and stores of numbers: see fixtures/litmus.cjs for the
// programs, "Memory model of numbers" in docs/concurrency.md for what is promised. Outcomes that are
// promised not to be are asserted to be absent; the others are counted and printed. LITMUS_MS is how
// long each runs.
import { expectSound, runWorkers } from './support';

type Counts = Record<string, number>;

const { makeCells, names } = jest.requireActual<{
  makeCells: (shared: object, kind: string) => { data: object; drop: () => void };
  names: string[];
}>('./fixtures/litmus.cjs');
const shared = jest.requireActual<object>('shared-heap');

const ms = Number(process.env.LITMUS_MS ?? 150);

/** By program: which outcomes must not be. */
const isForbidden: Record<string, (outcome: string) => boolean> = {
  storeBuffering: () => false,
  storeBufferingByCalls: (outcome) => outcome === 'seen 0 and 0',
  loadBuffering: () => false,
  lastStoreStays: (outcome) => !['ends with 2', 'ends with 4'].includes(outcome),
  ownStoreSeen: (outcome) => outcome.startsWith('seen 0') || outcome === 'seen 2 ends with 1',
  messagePassing: () => false,
  messagePassingByCalls: (outcome) => outcome === 'message missing',
  loadsGoForwards: (outcome) => outcome === 'back',
  wholeDoubles: (outcome) => outcome === 'torn',
};

test('every program is judged', () => {
  expect(Object.keys(isForbidden)).toEqual(names);
});

/** The counts of a program, which are printed too. */
async function run(kind: string, name: string): Promise<Counts> {
  const { data, drop } = makeCells(shared, kind);
  const [counts] = await runWorkers<Counts>(2, 'litmus', { name, ms, ...data });
  drop();
  const line = Object.entries(counts!)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([outcome, n]) => `${outcome}: ${n}`)
    .join(', ');
  process.stderr.write(`litmus: ${kind} ${name}: ${line}\n`);
  expect(line).not.toBe('');
  return counts!;
}

afterAll(expectSound);

describe.each(['numbers', 'fields'])('%s', (kind) => {
  test.each(names)('%s', async (name) => {
    const counts = await run(kind, name);
    expect(Object.keys(counts).filter(isForbidden[name]!)).toEqual([]);
  });
});

test('doubles that are stored by halves are caught', async () => {
  for (let i = 0; i < 40; i++) {
    const counts = await run('halves', 'wholeDoubles');
    if (Object.keys(counts).some(isForbidden.wholeDoubles!)) return;
  }
  throw new Error('not caught in 40 runs');
});
