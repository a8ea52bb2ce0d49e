// The bounded comparisons as an SVG: how many times as fast as the peer we are, on a log axis, with a
// bar for each Node version and a mark where the bound lies. Written by hand: bars on one axis need
// less code than a chart library needs configuration, and it follows the reader's dark mode, which
// those that render on a server cannot.
import { collect } from './comparisons.mjs';

const WIDTH = 940;
const LABELS = 390; // on the left
const FIGURES = 120; // on the right
const BAR = 10;
const TWO_LINES = 23; // of text
const TOP = 64;
const PLOT = WIDTH - LABELS - FIGURES;

const STYLE = `
  text { font: 11px system-ui, sans-serif; fill: #1f2328; }
  .work { font-weight: 600; } .note { fill: #59636e; font-size: 10px; }
  .back { fill: #ffffff; } .grid { stroke: #d1d9e0; } .even { stroke: #59636e; }
  .reached { fill: #2a9d6e; } .missed { fill: #d9822b; } .bound { stroke: #1f2328; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note { fill: #9198a1; } .back { fill: #0d1117; }
    .grid { stroke: #2f353d; } .even { stroke: #9198a1; } .bound { stroke: #f0f6fc; }
    .reached { fill: #3fb98a; } .missed { fill: #e39a4f; }
  }`;

const escape = (text) =>
  text.replaceAll('`', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (name, x, y, content, anchor) =>
  `<text class="${name}" x="${x}" y="${y}" text-anchor="${anchor}">${escape(content)}</text>`;
const heading = (x, y, content, anchor = 'start') => text('work', x, y, content, anchor);
const note = (x, y, content, anchor = 'start') => text('note', x, y, content, anchor);
const line = (x, y1, y2, name) =>
  `<line class="${name}" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${y1}" y2="${y2}"/>`;
const show = (times) => `${times >= 100 ? times.toFixed(0) : times.toPrecision(2)}x`;

export function toChart(runs) {
  const works = collect(runs);
  const times = works.flatMap(({ comparisons }) =>
    comparisons.flatMap(({ mark, figures }) => [
      mark,
      ...figures.map((figure) => figure.advantage),
    ]),
  );
  const from = Math.floor(Math.log10(Math.min(0.1, ...times)));
  const to = Math.ceil(Math.log10(Math.max(10, ...times)));
  const scale = (value) => LABELS + (PLOT * (Math.log10(value) - from)) / (to - from);
  const body = [];
  let y = TOP;
  for (const { title, comparisons } of works) {
    body.push(heading(LABELS - 10, y + 9, title, 'end'));
    for (const comparison of comparisons) {
      const height = Math.max(TWO_LINES, comparison.figures.length * (BAR + 1));
      body.push(...drawComparison(comparison, y, height, scale));
      y += height + 3;
    }
    y += 5;
  }
  const size = `width="${WIDTH}" height="${y + 8}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 8}" ${size}>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="back" ${size}/>`,
    ...drawHead(runs, { from, to, scale, end: y }),
    ...body,
    '</svg>\n',
  ].join('\n');
}

function drawComparison({ label, mark, figures }, y, height, scale) {
  const even = scale(1);
  const parts = [note(LABELS - 10, y + TWO_LINES - 2, label, 'end')];
  figures.forEach(({ major, advantage, isReached }, i) => {
    const x = Math.min(even, scale(advantage)).toFixed(1);
    const width = Math.max(1, Math.abs(scale(advantage) - even)).toFixed(1);
    const top = y + i * (BAR + 1);
    const name = isReached ? 'reached' : 'missed';
    parts.push(
      `<rect class="${name}" x="${x}" y="${top}" width="${width}" height="${BAR}"/>`,
      note(WIDTH - FIGURES + 8, top + BAR - 1, `${show(advantage)} on Node ${major}`),
    );
  });
  return [...parts, line(scale(mark), y - 1, y + height, 'bound')];
}

function drawHead(runs, { from, to, scale, end }) {
  const measured = runs.map(({ machine }) => `Node ${machine.node}, ${machine.date.slice(0, 10)}`);
  const where = `${runs[0].machine.cpu}; ${measured.join('; ')}. The mark is the bound.`;
  const parts = [
    heading(12, 20, 'shared-heap: how many times as fast as ..., higher is better'),
    note(12, 36, where),
  ];
  for (let power = from; power <= to; power++) {
    const x = scale(10 ** power);
    parts.push(line(x, TOP - 4, end, power === 0 ? 'even' : 'grid'));
    parts.push(note(x, TOP - 9, `${10 ** power}x`, 'middle'));
  }
  return parts;
}
