// From the visits of a case to its results: medians, ratios, bounds, checksums. A case has one figure,
// its own, or several (`figures`) that one measurement gives.
import { isReached } from './bounds.mjs';

export function summarise(definition, outcomes, clock) {
  const checksums = compare(outcomes);
  return (definition.figures ?? [definition]).map((figure) => {
    const { name, title, unit = 'ns', bounds = [] } = figure;
    const valueOf = (reply) =>
      reply.values?.[name] ?? reply.value ?? reply[definition.clock ?? clock];
    const rows = toRows(outcomes, valueOf);
    return {
      name,
      title,
      unit,
      rows,
      bounds: bounds.map((bound) => judge(bound, rows)),
      checksums,
    };
  });
}

function toRows(outcomes, valueOf) {
  const samples = outcomes.map(({ visits }) => visits.map(valueOf));
  const [ours] = samples;
  return outcomes.map(({ peer, isFloor, visits, crashes, failure }, i) => {
    const row = { peer, isFloor, crashes };
    if (failure !== undefined) return { ...row, failure };
    // Only rounds in which both have a figure.
    const ratios = samples[i].slice(0, ours.length).map((value, round) => ours[round] / value);
    return { ...row, ...spread(samples[i]), ratio: spread(ratios), detail: visits.at(-1).detail };
  });
}

function judge(bound, rows) {
  const [subject] = rows;
  const row = rows.find(({ peer }) => peer === (bound.peer ?? subject.peer));
  if (subject.failure !== undefined || row.failure !== undefined) return bound;
  return { ...bound, reached: isReached(bound, { value: row.median, ratio: row.ratio.median }) };
}

/** Equal work gives equal checksums, in every round and with every peer but the floors. */
function compare(outcomes) {
  const seen = {};
  for (const { peer, isFloor, visits, failure } of outcomes) {
    if (isFloor || failure !== undefined) continue;
    const sums = new Set(visits.map(({ checksum }) => checksum ?? ''));
    seen[peer] = [...sums].join(' and ');
  }
  return { equal: new Set(Object.values(seen)).size <= 1, seen };
}

/** `samples` to four digits: enough, and short in the file. */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const samples = values.map((value) => Number(value.toPrecision(4)));
  return { median, min: sorted[0], max: sorted.at(-1), samples };
}
