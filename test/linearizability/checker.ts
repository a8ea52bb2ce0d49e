// Whether a history of timed operations is linearizable: whether each can be taken to have happened
// at one moment between its call and its return, so that a sequential object gives the same results
// (M. Herlihy, J. Wing, 1990). The search is that of Wing and Gong (1993) with the memory of what has
// been tried of Lowe (2017): states are visited once. A thread does one operation after the other,
// so what has been taken to have happened is told by how far each thread has come.

/** A call of a method by one thread, with moments of a clock that all threads have. */
export interface Operation {
  method: string;
  args: readonly unknown[];
  /** What it returned; `{ error: code }` if it threw. */
  result: unknown;
  call: number;
  return: number;
}

/** The operations of each thread, in order. */
export type History = readonly (readonly Operation[])[];

/** A sequential object. States are never changed, only replaced. */
export interface Model<State> {
  readonly initial: State;
  /** The state after the operation; undefined if it could not have had its result in this one. */
  step(state: State, operation: Operation): { readonly state: State } | undefined;
  /** Equal states have equal keys, and others have not. */
  key(state: State): string;
}

export interface Verdict {
  linearizable: boolean;
  /** Places of the search: how far each thread had come, and the state. */
  visited: number;
  /** Pairs of operations of different threads that overlapped; without any a history shows nothing. */
  overlaps: number;
  /** If it is not linearizable: the operations that nothing fits, at the furthest place. */
  stuck: string[];
}

interface Place<State> {
  at: readonly number[];
  state: State;
}

export function check<State>(model: Model<State>, history: History): Verdict {
  const start: Place<State> = { at: history.map(() => 0), state: model.initial };
  const seen = new Set([keyOf(model, start)]);
  const places = [start];
  const overlaps = countOverlaps(history);
  const total = history.reduce((sum, operations) => sum + operations.length, 0);
  let furthest = start;
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const done = sum(place.at);
    if (done === total) return { linearizable: true, visited: seen.size, overlaps, stuck: [] };
    if (done > sum(furthest.at)) furthest = place;
    for (const next of nextPlaces(model, history, place)) {
      const key = keyOf(model, next);
      if (seen.has(key)) continue;
      seen.add(key);
      places.push(next);
    }
  }
  const stuck = candidates(history, furthest.at).map(({ operation }) => describe(operation));
  stuck.push(`state ${model.key(furthest.state)}, ${sum(furthest.at)} of ${total} operations done`);
  return { linearizable: false, visited: seen.size, overlaps, stuck };
}

/**
 * `check` for objects that consist of independent parts, of which each operation touches one: such a
 * history is linearizable exactly if each part's is (Herlihy and Wing's locality).
 */
export function checkParts<State>(
  model: Model<State>,
  history: History,
  partOf: (operation: Operation) => unknown,
): Verdict {
  const whole: Verdict = { linearizable: true, visited: 0, overlaps: 0, stuck: [] };
  for (const part of new Set(history.flat().map(partOf))) {
    const verdict = check(
      model,
      history.map((operations) => operations.filter((operation) => partOf(operation) === part)),
    );
    whole.linearizable &&= verdict.linearizable;
    whole.visited += verdict.visited;
    whole.overlaps += verdict.overlaps;
    for (const line of verdict.stuck) whole.stuck.push(`${String(part)}: ${line}`);
  }
  return whole;
}

/** Each thread's next operation, if nothing that is still to come had returned before its call. */
function candidates(history: History, at: readonly number[]) {
  const next = history.flatMap((operations, thread) => {
    const operation = operations[at[thread]!];
    return operation === undefined ? [] : [{ thread, operation }];
  });
  const firstReturn = Math.min(...next.map(({ operation }) => operation.return));
  return next.filter(({ operation }) => operation.call <= firstReturn);
}

function nextPlaces<State>(model: Model<State>, history: History, { at, state }: Place<State>) {
  const places: Place<State>[] = [];
  for (const { thread, operation } of candidates(history, at)) {
    const next = model.step(state, operation);
    if (next === undefined) continue;
    places.push({ at: at.map((n, i) => (i === thread ? n + 1 : n)), state: next.state });
  }
  return places;
}

function keyOf<State>(model: Model<State>, { at, state }: Place<State>): string {
  return `${at.join()} ${model.key(state)}`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

function countOverlaps(history: History): number {
  let overlaps = 0;
  history.forEach((mine, thread) => {
    for (const others of history.slice(thread + 1)) {
      let from = 0;
      for (const operation of mine) {
        while (from < others.length && others[from]!.return < operation.call) from++;
        for (let i = from; i < others.length && others[i]!.call <= operation.return; i++)
          overlaps++;
      }
    }
  });
  return overlaps;
}

function describe({ method, args, result, call, return: end }: Operation): string {
  return `${method}(${args.map(String).join(', ')}) = ${JSON.stringify(result)} [${call}, ${end}]`;
}
