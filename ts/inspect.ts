// What console.log shows. Nothing here throws: an object that is gone, or goes meanwhile, is dead.
import { inspect, stripVTControlCharacters } from 'node:util';
import type { InspectOptionsStylized } from 'node:util';
import { outAll } from './marshal';
import { MapWalk } from './map-walk';
import { native } from './native';
import type { Ref } from './ref';
import { shapeInfo } from './shapes';
import { VectorWalk } from './vector-walk';

const BYTES_SHOWN = 50;
/** Above this an inspected buffer is viewed rather than copied. */
const BYTES_COPIED = 65536;
/** With `depth: null` a chain is shown so far; util.inspect itself gives up at about as much. */
const DEPTH_MAX = 200;

/** The ids being inspected, outermost first: an object within itself is shown as circular. */
const path: number[] = [];

type Options = InspectOptionsStylized;
type Depth = number | null;

interface Contents {
  /** Shown as `MapRef(2)`. */
  size?: number;
  items: string[];
}

export function inspectMap(ref: Ref, depth: Depth, options: Options): string {
  return inspectContents(ref, depth, options, (show) => {
    const size = native.mapSize(ref.id);
    const limit = Math.min(size, limitOf(options));
    const items: string[] = [];
    const walk = new MapWalk(ref.id, native.modes.borrow, outAll);
    try {
      while (items.length < limit && walk.advance()) {
        items.push(`${show(walk.key)} => ${show(walk.value)}`);
      }
    } finally {
      walk.close();
    }
    return { size, items: withMore(items, size - limit, 'item') };
  });
}

export function inspectVector(ref: Ref, depth: Depth, options: Options): string {
  return inspectContents(ref, depth, options, (show) => {
    const size = native.vectorLength(ref.id);
    const limit = Math.min(size, limitOf(options));
    const items: string[] = [];
    const walk = new VectorWalk(ref.id, native.modes.borrow, outAll);
    while (items.length < limit && walk.at(items.length)) items.push(show(walk.value));
    return { size, items: withMore(items, size - limit, 'item') };
  });
}

export function inspectQueue(ref: Ref, depth: Depth, options: Options): string {
  return inspectContents(ref, depth, options, (show) => {
    native.queueState(ref.id);
    const [size = 0, , closed] = native.out;
    const limit = Math.min(size, limitOf(options), native.batch);
    const items = outAll(native.queueRead(ref.id, 0, limit, native.modes.borrow)).map(show);
    if (closed === 1) items.unshift(options.stylize('closed', 'special'));
    return { size, items: withMore(items, size - limit, 'item') };
  });
}

export function inspectStruct(ref: Ref, shape: number, depth: Depth, options: Options): string {
  return inspectContents(ref, depth, options, (show) => {
    const { names } = shapeInfo(shape);
    const values = outAll(native.recordRead(ref.id, shape, native.modes.borrow));
    return { items: names.map((name, i) => `${labelOf(name)}: ${show(values[i])}`) };
  });
}

export function inspectBuffer(ref: Ref, depth: Depth, options: Options): string {
  return inspectContents(ref, depth, options, () => {
    const size = native.bytesLength(ref.id);
    const buffer = size <= BYTES_COPIED ? native.bytesCopy(ref.id) : native.bytesView(ref.id);
    const shown = new Uint8Array(buffer, 0, Math.min(size, BYTES_SHOWN));
    const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0'));
    return { size, items: [`<${withMore(hex, size - shown.length, 'byte').join(' ')}>`] };
  });
}

function inspectContents(
  ref: Ref,
  depth: Depth,
  options: Options,
  read: (show: (value: unknown) => string) => Contents,
): string {
  const { id } = ref;
  // Whatever a program has done to its refs, looking at them must not throw.
  const name = (ref.constructor as { name?: string } | null | undefined)?.name ?? 'Ref';
  if (path.includes(id)) return options.stylize(`[Circular ${name} ${id}]`, 'special');
  if ((depth !== null && depth < 0) || path.length >= DEPTH_MAX) {
    return options.stylize(`[${name}]`, 'special');
  }
  const inner = { ...options, depth: depth === null ? null : depth - 1 };
  const label = `id: ${options.stylize(String(id), 'number')}`;
  path.push(id);
  try {
    const { size, items } = read((value) => inspect(value, inner));
    const title = size === undefined ? name : `${name}(${size})`;
    return layOut(title, [label, ...items], options);
  } catch {
    const state = ref.isAlive ? '...' : options.stylize('dead', 'special');
    return `${name} { ${label}, ${state} }`;
  } finally {
    path.pop();
  }
}

function limitOf({ maxArrayLength }: Options): number {
  if (maxArrayLength === null) return Infinity;
  return Math.max(0, maxArrayLength ?? inspect.defaultOptions.maxArrayLength ?? Infinity);
}

function withMore(items: string[], more: number, what: string): string[] {
  if (more > 0) items.push(`... ${more} more ${what}${more > 1 ? 's' : ''}`);
  return items;
}

function labelOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : inspect(name);
}

/** On one line if that fits, as util.inspect does it. */
function layOut(title: string, items: string[], { breakLength = 80, colors }: Options): string {
  const line = `${title} { ${items.join(', ')} }`;
  const visible = colors === true ? stripVTControlCharacters(line) : line;
  if (visible.length <= breakLength && !line.includes('\n')) return line;
  const indented = items.map((item) => item.replaceAll('\n', '\n  '));
  return `${title} {\n  ${indented.join(',\n  ')}\n}`;
}
