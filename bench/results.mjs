// The results of all Node versions measured so far: results.json by major version, and made from it
// results.md and results.svg. A run replaces the part of its own version.
import fs from 'node:fs';
import path from 'node:path';
import { toChart } from './chart.mjs';
import { toMarkdown } from './markdown.mjs';

/** `run` is `{ machine, seconds, results }`. */
export function writeResults(folder, run) {
  const file = path.join(folder, 'results.json');
  const runs = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  runs[Number.parseInt(run.machine.node, 10)] = run;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, toJson(runs));
  fs.writeFileSync(path.join(folder, 'results.md'), toMarkdown(Object.values(runs)));
  fs.writeFileSync(path.join(folder, 'results.svg'), toChart(Object.values(runs)));
}

/** A line for each result: to be read, and to be compared with an earlier one. */
function toJson(runs) {
  const parts = Object.entries(runs).map(([major, { machine, seconds, results }]) => {
    const lines = results.map((result) => `   ${JSON.stringify(result)}`);
    return [
      ` ${JSON.stringify(major)}: {`,
      `  "machine": ${JSON.stringify(machine)},`,
      `  "seconds": ${seconds.toFixed(0)},`,
      `  "results": [\n${lines.join(',\n')}\n  ]`,
      ' }',
    ].join('\n');
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}
