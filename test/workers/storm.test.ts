// Threads that end, at any moment, while they lock, wait, watch, build and drop. Afterwards nothing is
// held, waited for, watched or lost, and the others go on.
//
// SHARED_HEAP_STORM=full (npm run test:storm) makes as many as the issue asks for, which takes minutes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MapRef, NumberRef, QueueRef, StructFactory, VectorRef, heap, lockAll } from 'shared-heap';
import type { Ref } from 'shared-heap';
import { expectSound, firstBeat, liveIds, native } from './support';
import { expectNothingWaits, pause } from './thread';

const isFull = process.env.SHARED_HEAP_STORM === 'full';
const KILLS = isFull ? 2000 : 300;
const TURNS = isFull ? 500 : 60;
const LIMIT = isFull ? 1_200_000 : 180_000;
/** At the same time. */
const LANES = 4;

const program = join(__dirname, 'fixtures', 'waiting.cjs');
const { ways, names } = jest.requireActual<{ ways: string[]; names: string[] }>(program);

interface Stage {
  log: VectorRef<number>;
  list: VectorRef;
  queue: QueueRef;
  hot: Ref[];
  baseline: Set<number>;
  environments: number;
  pinned: number;
}

function setStage(): Stage {
  const { environments, pinnedBytes: pinned } = heap.stats();
  const baseline = liveIds();
  const Point = new StructFactory({ x: 'number', text: 'string' });
  return {
    log: new VectorRef<number>(),
    list: new VectorRef(),
    queue: QueueRef.withCapacity(4),
    hot: [
      new MapRef(),
      new NumberRef(),
      new VectorRef(),
      Point.new(),
      new MapRef(),
      new NumberRef(),
      QueueRef.withCapacity(4),
    ],
    baseline,
    environments,
    pinned,
  };
}

function startStorm(stage: Stage, beats: Int32Array, worker: number, rounds?: number): Worker {
  const ids = {
    log: stage.log.id,
    list: stage.list.id,
    queue: stage.queue.id,
    hot: stage.hot.map(({ id }) => id),
  };
  return new Worker(join(__dirname, 'fixtures', 'storm.cjs'), {
    workerData: { ids, beats, worker, rounds },
  });
}

/** Expects that the dead have left nothing but claims on what they had logged, and a few unlogged. */
async function clearStage(stage: Stage, deaths: number): Promise<void> {
  await expectNothingWaits();
  lockAll(stage.hot, () => undefined); // takes what is to be told of the dead
  for (const ref of stage.hot)
    expect(ref.lock((info) => info.abandoned, { timeout: 0 })).toBe(false);
  heap.trim();
  expectSound();
  const { limboObjects, limboBytes, pinnedBytes, environments } = heap.stats();
  expect({ limboObjects, limboBytes }).toEqual({ limboObjects: 0, limboBytes: 0 });
  expect(pinnedBytes).toBeLessThanOrEqual(stage.pinned);
  expect(environments).toBe(stage.environments);

  const logged = new Set(stage.log.obtainValue());
  for (const ref of [stage.log, stage.list, stage.queue, ...stage.hot]) ref.drop();
  for (const id of logged) {
    if (native.typeOf(id) === 0) continue;
    for (let claims = native.counts(id)[0]; claims > 0; claims--) native.drop(id);
  }
  // Made, or taken out, and not yet logged or dropped when its thread ended.
  const roots = [...liveIds()].filter((id) => !stage.baseline.has(id) && native.counts(id)[0] > 0);
  for (const id of roots) expect(native.counts(id)[0]).toBe(1);
  expect(roots.length).toBeLessThanOrEqual(4 * deaths);
  for (const id of roots) native.drop(id);
  expect(liveIds()).toEqual(stage.baseline);
  expectSound();
}

/** Runs `body` for the numbers from 0 to n, several at a time. */
async function inLanes(
  n: number,
  lanes: number,
  body: (number: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < n) await body(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

test(
  `${KILLS} threads are terminated at any moment`,
  async () => {
    const stage = setStage();
    const beats = new Int32Array(KILLS);
    const shared = new Int32Array(new SharedArrayBuffer(4 * KILLS));
    const errors: unknown[] = [];
    let atWork = 0;
    await inLanes(KILLS, LANES, async (number) => {
      const worker = startStorm(stage, shared, number);
      worker.on('error', (error) => errors.push(error));
      // One in eight while it is still starting, at whatever that is.
      if (number % 8 === 0) await pause(Math.random() * 80);
      else {
        await firstBeat(worker, shared, number);
        await pause(Math.random() * 12);
        atWork++;
      }
      await worker.terminate();
      beats[number] = Atomics.load(shared, number);
    });
    expect(errors).toEqual([]);
    expect(atWork).toBeGreaterThan((KILLS * 3) / 4);
    expect(beats.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(KILLS * 2);
    await clearStage(stage, KILLS);
  },
  LIMIT,
);

test(
  `${TURNS} threads come and go in turn, as they like`,
  async () => {
    const stage = setStage();
    const shared = new Int32Array(new SharedArrayBuffer(4 * TURNS));
    await inLanes(TURNS, 2, async (number) => {
      const worker = startStorm(stage, shared, number, 30);
      const [code] = (await once(worker, 'exit')) as [number];
      expect(code).toBe(0);
      expect(Atomics.load(shared, number)).toBe(30);
    });
    await clearStage(stage, TURNS);
  },
  LIMIT,
);

// --- processes with a thread in every kind of wait ---------------------------------------------

interface Outcome {
  status: number | null;
  signal: string | null;
  stderr: string;
  said: any;
  /** Milliseconds since it said when it began to end. */
  took: number;
}

async function run(how: string, kinds: string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [program, how, ...kinds], { timeout: 60_000 });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, 'close');
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  const now = Date.now();
  await ended;
  const said = JSON.parse(stdout || '{}') as { at?: number };
  return { status, signal, stderr, said, took: now - (said.at ?? NaN) };
}

describe('with threads in every kind of wait', () => {
  const limit = 200; // the requirement, in milliseconds
  const tries = 10;

  /** The best of several, for the machine has other things to do: a wait that is not cut short is in all. */
  async function best(measure: () => Promise<number>): Promise<number> {
    let least = Infinity;
    for (let i = 0; i < tries && least >= limit; i++) least = Math.min(least, await measure());
    return least;
  }

  test('the fixture has them', () => {
    expect(names.length).toBeGreaterThanOrEqual(21);
    expect(ways).toEqual(['terminate', 'exit', 'throw', 'end']);
  });

  test(`terminate() of all of them is back within ${limit} ms, and leaves nothing`, async () => {
    const ms = await best(async () => {
      const { status, stderr, said } = await run('terminate', names);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      // The three locks of the process's own main thread.
      expect(said).toMatchObject({ left: [3, 0, 3, 0], ok: true });
      return said.ms as number;
    });
    expect(ms).toBeLessThan(limit);
  });

  test(`terminate() of each is back within ${limit} ms`, async () => {
    const least = new Map<string, number>();
    await best(async () => {
      const { said } = await run('terminate one by one', names);
      for (const [name, ms] of said.ms as [string, number][]) {
        least.set(name, Math.min(ms, least.get(name) ?? Infinity));
      }
      return Math.max(...least.values());
    });
    expect([...least.keys()].sort()).toEqual([...names].sort());
    expect([...least].filter(([, ms]) => ms >= limit)).toEqual([]);
  });

  // A few threads each: what Node.js itself takes to end twenty of them, idle, is a third of the limit.
  const groups = [0, 1, 2].map((start) => names.filter((_, i) => i % 3 === start));
  const endings = [
    ['process.exit()', 'exit', 5],
    ['an uncaught error', 'throw', 1],
    ['the main thread at its end', 'end', 6],
  ] as const;
  test.each(endings.flatMap((ending) => groups.map((group) => [...ending, group] as const)))(
    `%s: the process has ended within ${limit} ms (%s, %s: %j)`,
    async (_, how, expected, group) => {
      const ms = await best(async () => {
        const { status, signal, stderr, took } = await run(how, group);
        expect({ status, signal }).toEqual({ status: expected, signal: null });
        if (how !== 'throw') expect(stderr).toBe('');
        expect(stderr).not.toMatch(/broken invariant|FATAL/);
        return took;
      });
      expect(ms).toBeLessThan(limit);
    },
  );

  test('process.exit() while threads are being terminated', async () => {
    for (let i = 0; i < 3; i++) {
      const { status, signal, stderr } = await run('exit of a worker', names);
      expect({ status, signal, stderr }).toEqual({ status: 7, signal: null, stderr: '' });
    }
  });
});
