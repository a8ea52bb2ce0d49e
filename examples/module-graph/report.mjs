// What the user sees: a progress bar while the demo works, if stdout is a terminal, and tables at the end.

import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';

const BAR = '{label} {bar} {percentage} % | {value}/{total}';
/** No colours, and no lines between rows. */
const PLAIN = {
  style: { head: [], border: [] },
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
};

/** Progress of one phase after the other; on no terminal, a line for each finished phase. */
export class Progress {
  #bar = undefined;
  #label = '';
  #start = 0;
  #width;

  constructor(labels) {
    this.#width = Math.max(...labels.map((label) => label.length));
  }

  begin(label, total) {
    this.#label = label;
    this.#start = performance.now();
    if (!process.stdout.isTTY) return;
    this.#bar = new SingleBar({
      format: BAR,
      stream: process.stdout,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: true,
      barsize: 30,
      barCompleteChar: '█',
      barIncompleteChar: '░',
    });
    this.#bar.start(total, 0, { label: label.padEnd(this.#width) });
  }

  update(value) {
    this.#bar?.update(value);
  }

  /** Ends the phase; how long it took, in ms. */
  end() {
    const time = performance.now() - this.#start;
    this.#bar?.stop();
    this.#bar = undefined;
    console.log(`${this.#label.padEnd(this.#width)}  ${seconds(time)}`);
    return time;
  }

  /** Gives the terminal back when a phase has failed. */
  abandon() {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

export function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

export function count(number) {
  return number.toLocaleString('en-US');
}

const QUOTED_LENGTH = 60;

/** A text from a source file, safe to show: bundles hold whole programs in quotes. */
export function quoted(text) {
  if (text.length <= QUOTED_LENGTH) return JSON.stringify(text);
  return `${JSON.stringify(text.slice(0, QUOTED_LENGTH))}... (${count(text.length)} characters)`;
}

/** Rows of a name and a value. */
export function facts(rows) {
  const table = new Table(PLAIN);
  for (const [name, ...values] of rows) table.push([name, ...values.map(rightAligned)]);
  return table.toString();
}

/** Rows below a head; the first column is text, the others are figures. */
export function figures(head, rows) {
  const table = new Table({ style: PLAIN.style, head });
  for (const [name, ...values] of rows) table.push([name, ...values.map(rightAligned)]);
  return table.toString();
}

function rightAligned(content) {
  return { content: String(content), hAlign: 'right' };
}
