// What keeps objects alive and what takes the memory: the figures. report-text.ts makes them a text.
import type { Native, Tally } from '../types/native';
import { invalidArgType } from './errors';
import type { Id, TypeName } from './ids';
import { names } from './names';
import { native } from './native';
import { isPlainObject } from './plain';
import { reportText } from './report-text';

/** A number of objects. `bytes`: their slots (32 each) and all that is stored for them alone. */
export interface HeapTally {
  readonly objects: number;
  readonly bytes: number;
  /** The id of one of them, to be looked at with `refFromId`. */
  readonly example: Id | undefined;
}

/** Live objects that were made at one place. */
export interface HeapSite {
  /** The stack, innermost frame first; `'unknown'` for objects made while tracing was off. */
  readonly site: string;
  /** Owned in JavaScript, in whatever thread. */
  readonly claimed: HeapTally;
  /** Held, directly or not, by what is claimed or has a name. */
  readonly held: HeapTally;
  /** Held by each other alone: nobody can reach them any more. */
  readonly cycles: HeapTally;
}

/** What `heap.leaks` found. */
export interface HeapLeaks {
  /** Whether nothing changed during the walk. */
  readonly quiescent: boolean;
  /** Most objects first. */
  readonly sites: readonly HeapSite[];
}

/** What `heap.report({ format: 'json' })` returns. */
export interface HeapReport extends HeapLeaks {
  readonly stats: ReturnType<Native['stats']>;
  /** The part of `stats.usedBytes` that holds nothing, from 0 to 1. */
  readonly fragmentation: number;
  /** Most bytes first. */
  readonly types: readonly { type: TypeName; objects: number; bytes: number }[];
  /** The ten largest objects, each by itself. */
  readonly biggest: readonly { id: Id; type: TypeName; bytes: number; name: string | undefined }[];
  /** The first 100 names, with all that can be reached from them; names may share objects. */
  readonly names: readonly {
    name: string;
    id: Id;
    type: TypeName;
    objects: number;
    bytes: number;
  }[];
  /** How many names there are beyond those. */
  readonly moreNames: number;
}

export type ReportFormat = 'text' | 'json';

export interface ReportOptions<F extends ReportFormat = ReportFormat> {
  /** Default: `'text'`. */
  readonly format?: F | undefined;
}

type Survey = ReturnType<Native['survey']>;

const MOST_NAMES = 100;
const SLOT_BYTES = 4 * native.layout.slotWords;

const typeNames: TypeName[] = [];
for (const [name, tag] of Object.entries(native.types)) typeNames[tag] = name as TypeName;

export function leaks(): HeapLeaks {
  return sitesOf(native.survey());
}

export function report(options: unknown): string | HeapReport {
  const format = formatOf(options);
  const figures = readReport();
  return format === 'json' ? figures : reportText(figures);
}

function formatOf(options: unknown): ReportFormat {
  if (options === undefined) return 'text';
  if (!isPlainObject(options)) throw invalidArgType('options', 'an object', options);
  const { format = 'text', ...others } = options;
  for (const name of Object.keys(others)) {
    throw invalidArgType('options', `{ format } without ${JSON.stringify(name)}`, options);
  }
  if (format !== 'text' && format !== 'json') {
    throw invalidArgType('options.format', "'text' or 'json'", format);
  }
  return format;
}

function readReport(): HeapReport {
  const survey = native.survey();
  const stats = native.stats();
  const { named, more } = readNames();
  const nameOf = new Map(named.map(({ id, name }) => [id, name]));
  return {
    ...sitesOf(survey),
    stats,
    fragmentation: fragmentationOf(stats),
    types: Object.entries(survey.types)
      .map(([type, { objects, bytes }]) => ({ type: type as TypeName, objects, bytes }))
      .filter(({ objects }) => objects > 0)
      .sort((a, b) => b.bytes - a.bytes),
    biggest: survey.biggest.map(({ id, type, bytes }) => ({
      id: id as Id,
      type: typeNames[type] as TypeName,
      bytes,
      name: nameOf.get(id as Id),
    })),
    names: named,
    moreNames: more,
  };
}

function sitesOf({ quiescent, sites }: Survey): HeapLeaks {
  const count = ({ claimed, held, cycles }: HeapSite): number =>
    claimed.objects + held.objects + cycles.objects;
  return {
    quiescent,
    sites: sites
      .map(({ site, claimed, held, cycles }) => ({
        site: site ?? 'unknown',
        claimed: asTally(claimed),
        held: asTally(held),
        cycles: asTally(cycles),
      }))
      .sort((a, b) => count(b) - count(a)),
  };
}

function asTally({ objects, bytes, example }: Tally): HeapTally {
  return { objects, bytes, example: example as Id | undefined };
}

/** The names that stand for something, with what each reaches. */
function readNames(): { named: HeapReport['names']; more: number } {
  const keys = names.keys();
  const found: { name: string; id: Id; type: TypeName }[] = [];
  for (const name of keys.slice(0, MOST_NAMES)) {
    // Undefined if another thread has deleted it.
    if (native.namesGet(name) !== native.REF) continue;
    const [id, type] = [native.refIds[0], native.refTypes[0]] as [Id, number];
    found.push({ name, id, type: typeNames[type] as TypeName });
  }
  const reached = native.reach(...found.map(({ id }) => id));
  const named = found.map((entry, i) => {
    const { objects, bytes } = reached[i] as Tally;
    return { ...entry, objects, bytes };
  });
  return { named, more: Math.max(0, keys.length - MOST_NAMES) };
}

function fragmentationOf(stats: HeapReport['stats']): number {
  const { usedBytes, liveBytes, limboBytes, limboObjects, pinnedBytes, objects } = stats;
  const slots = (objects + limboObjects) * SLOT_BYTES;
  return Math.max(0, 1 - (liveBytes + limboBytes + pinnedBytes + slots) / usedBytes);
}
