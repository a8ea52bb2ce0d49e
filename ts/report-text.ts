// The text of heap.report(): 80 columns, for people.
import type { HeapReport, HeapSite, HeapTally } from './report';

const WIDTH = 80;
const MOST_SITES = 10;
const MOST_FRAMES = 3;

/** The figures of a report as text. */
export function reportText(report: HeapReport): string {
  const lines = [
    ...memory(report),
    ...types(report),
    ...biggest(report),
    ...namesOf(report),
    ...sites(report),
  ];
  if (!report.quiescent) lines.push('', 'Other threads changed the heap meanwhile.');
  return `${lines.join('\n')}\n`;
}

function memory({ stats, fragmentation }: HeapReport): string[] {
  const { liveBytes, usedBytes, residentBytes, limboBytes, limboObjects, pinnedBytes } = stats;
  const empty = `${Math.round(100 * fragmentation)} % of it holds nothing`;
  const limit = stats.limit < stats.reserved ? `, limit ${size(stats.limit)}` : '';
  return [
    `shared heap: ${count(stats.objects)} objects${limit}`,
    `  live      ${size(liveBytes).padStart(10)}  contents of objects, and shapes`,
    `  used      ${size(usedBytes).padStart(10)}  taken from the region; ${empty}`,
    `  resident  ${size(residentBytes).padStart(10)}  physical memory of the region`,
    `  limbo     ${size(limboBytes).padStart(10)}  and ${count(limboObjects)} slots wait for threads that may read them`,
    `  pinned    ${size(pinnedBytes).padStart(10)}  kept by views and long texts of objects that are gone`,
  ];
}

function types(report: HeapReport): string[] {
  const rows = report.types.map(({ type, objects, bytes }) => [type, count(objects), size(bytes)]);
  return table('Types', [24, 14, 14], ['type', 'objects', 'bytes'], rows);
}

function biggest(report: HeapReport): string[] {
  const rows = report.biggest.map(({ id, type, bytes, name }) => [
    type,
    String(id),
    size(bytes),
    name === undefined ? '' : `  ${clip(JSON.stringify(name), 30)}`,
  ]);
  return table('Largest objects', [14, 17, 12, -34], ['type', 'id', 'bytes', '  name'], rows);
}

function namesOf({ names, moreNames }: HeapReport): string[] {
  const rows = names.map(({ name, type, objects, bytes }) => [
    clip(JSON.stringify(name), 38),
    type,
    count(objects),
    size(bytes),
  ]);
  const lines = table('Names, with all they reach', [40, -12, 12, 12], ['name', 'type', 'objects', 'bytes'], rows); // prettier-ignore
  if (moreNames > 0) lines.push(`  and ${count(moreNames)} more names`);
  return lines;
}

function sites({ sites: all }: HeapReport): string[] {
  if (all.length === 0) return [];
  if (all.every(({ site }) => site === 'unknown')) {
    return ['', 'With SHARED_HEAP_TRACE=1 in the environment: where live objects were made.'];
  }
  const lines = ['', 'Where live objects were made'];
  for (const entry of all.slice(0, MOST_SITES)) lines.push(...siteLines(entry));
  if (all.length > MOST_SITES) lines.push(`  and ${count(all.length - MOST_SITES)} more places`);
  return lines;
}

function siteLines({ site, claimed, held, cycles }: HeapSite): string[] {
  const parts = [
    ['claimed', claimed],
    ['held', held],
    ['in cycles', cycles],
  ] as const;
  const tallies = parts.filter(([, { objects }]) => objects > 0);
  const frames = site.split('\n').slice(0, MOST_FRAMES);
  return [
    `  ${tallies.map(([what, tally]) => `${count(tally.objects)} ${what} (${bytesOf(tally)})`).join(', ')}`,
    ...frames.map((frame) => `      ${clipMiddle(frame, WIDTH - 6)}`),
  ];
}

function bytesOf({ bytes }: HeapTally): string {
  return size(bytes);
}

/** Rows under a title; the first column and those of negative width are aligned to the left. */
function table(
  title: string,
  widths: readonly number[],
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string =>
    `  ${cells
      .map((cell, i) => {
        const width = widths[i] as number;
        return i === 0 || width < 0 ? cell.padEnd(Math.abs(width)) : cell.padStart(width);
      })
      .join('')
      .trimEnd()}`;
  return ['', title, line(head), ...rows.map(line)];
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let scaled = bytes;
  let unit = -1;
  while (scaled >= 1023.95) {
    scaled /= 1024;
    unit += 1;
  }
  return `${scaled.toFixed(1)} ${['KiB', 'MiB', 'GiB', 'TiB'][unit] as string}`;
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}\u2026`;
}

/** Of a frame both ends matter: the function, and the file's name with the line. */
function clipMiddle(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.ceil((width - 1) * 0.6);
  return `${text.slice(0, width - 1 - end)}\u2026${text.slice(-end)}`;
}
