// The results as Markdown: a line for each comparison, Node versions side by side.
import { describe } from './bounds.mjs';
import { peers } from './peers/index.mjs';

const digits = (value) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
const show = (value) => value.toFixed(digits(value));
const isTime = (unit) => /^(ns|us|ms)/.test(unit);

export function toMarkdown(runs) {
  const lines = runs.map(toHeading);
  lines.push(
    'Medians of interleaved rounds; a ratio is the median over the rounds of two figures taken side ' +
      'by side. Where no unit is said: nanoseconds an operation. A floor is what the transfer alone ' +
      'costs, not the same work. `results.json` has every sample.',
    '',
    ...toTable(
      [
        ['work', 'against', 'bound'],
        ...runs.map(({ machine }) => [`Node ${machine.node}: ours`, 'theirs', 'ratio', 'verdict']),
      ].flat(),
      namesOf(runs).flatMap((name) => toRows(name, runs)),
    ),
    ...runs.flatMap(growthCurve),
  );
  return `${lines.join('\n')}\n`;
}

function toHeading({ machine, seconds }) {
  const packages = Object.entries(machine.packages).map((entry) => entry.join(' '));
  return (
    `- **Node ${machine.node}** (V8 ${machine.v8}), ${machine.cpu}, ${machine.cores} cores, ` +
    `${machine.memoryGiB} GiB, Linux ${machine.kernel}; ${machine.date.slice(0, 10)}, commit ` +
    `${machine.commit}; ${machine.rounds} rounds in ${seconds.toFixed(0)} s, ${machine.clock} clock, load ` +
    `${machine.load.toFixed(1)} at the start; ${packages.join(', ')}\n`
  );
}

/** Names of all results, in the order of the first run that has them. */
function namesOf(runs) {
  return [...new Set(runs.flatMap(({ results }) => results.map(({ name }) => name)))];
}

/** Columns of figures are set to the right. */
function toTable(head, rows) {
  const isFigure = (_, i) => rows.every((cells) => /^(-?\d.*)?$/.test(cells[i]));
  const rule = head.map((name, i) => (isFigure(name, i) ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** The lines of a case: its own figure if that has a bound or stands alone, then the comparisons. */
function toRows(name, runs) {
  const results = runs.map(({ results }) => results.find((result) => result.name === name));
  const { title, unit, rows, bounds } = results.find((result) => result !== undefined);
  const subject = rows[0].peer;
  const own = bounds.find(({ peer }) => peer === undefined);
  const compared = rows.slice(1).map(({ peer, isFloor }) => ({ peer, isFloor }));
  if (own !== undefined || compared.length === 0)
    compared.unshift({ peer: subject, isFloor: false });
  return compared.map(({ peer, isFloor }, i) => {
    const isOwn = peer === subject;
    const bound = isOwn ? own : bounds.find((candidate) => candidate.peer === peer);
    const against = isOwn ? '' : `${peers[peer].title}${isFloor ? ' (floor)' : ''}`;
    return [
      i > 0 ? '' : unit === 'ns' ? title : `${title}, ${unit}`,
      against,
      bound === undefined ? '' : describe(bound),
      ...results.flatMap((result) => toCells(result, { peer, isOwn, isFirst: i === 0 })),
    ];
  });
}

/** Ours, theirs, ratio and verdict in one run. */
function toCells(result, { peer, isOwn, isFirst }) {
  if (result === undefined) return ['', '', '', ''];
  const row = result.rows.find((candidate) => candidate.peer === peer);
  const bound = result.bounds.find((candidate) => candidate.peer === (isOwn ? undefined : peer));
  const verdict = { undefined: '', true: 'reached', false: '**not reached**' }[bound?.reached];
  const ours = isFirst ? showFigure(result.rows[0]) : '';
  if (isOwn) return [ours, '', '', verdict];
  return [ours, showFigure(row), showRatio(row, result), verdict];
}

function showFigure({ median, failure, crashes }) {
  if (failure !== undefined) return failure;
  return crashes > 0 ? `${show(median)} (${crashes} crashes)` : show(median);
}

function showRatio({ failure, ratio }, { unit }) {
  if (failure !== undefined || !(ratio.median > 0 && ratio.median < Infinity)) return '';
  if (unit === 'x') return show(ratio.median);
  const [more, less] = isTime(unit) ? ['longer', 'faster'] : ['more', 'less'];
  return ratio.median >= 1
    ? `${show(ratio.median)}x ${more}`
    : `${show(1 / ratio.median)}x ${less}`;
}

/** What an insert costs as the map grows. */
function growthCurve({ machine, results }) {
  const growth = results.find(({ name }) => name === 'growth.mean');
  const curves = growth?.rows.filter(({ detail }) => detail?.curve !== undefined) ?? [];
  if (curves.length === 0) return [];
  const head = curves.flatMap(({ peer }) => [`${peers[peer].title}: mean, ns`, 'worst, ms']);
  const rows = curves[0].detail.curve.map(({ entries }, i) => [
    entries.toLocaleString('en'),
    ...curves.flatMap(({ detail }) => {
      const { mean, worst } = detail.curve[i];
      return [show(mean), show(worst / 1e6)];
    }),
  ]);
  const title = `A map that grows, Node ${machine.node}: inserts up to so many entries`;
  return ['', title, '', ...toTable(['entries', ...head], rows)];
}
