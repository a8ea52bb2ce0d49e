// The only file that loads the addon. Everything that C defines (type tags, modes, limits) is read
// from it, never written down a second time.
import { join } from 'node:path';
import { env } from 'node:process';
import type { Native } from '../types/native';
import { SharedHeapError } from './errors';
import { traced } from './trace';

function load(): Native {
  const file = join(__dirname, '..', 'build', 'Release', 'shared_heap.node');
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- addons load by require alone
    return require(file) as Native;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `shared-heap: the addon could not be loaded; build it with "npm rebuild shared-heap" (${reason})`,
      { cause },
    );
  }
}

/** Set to 1, every object remembers the stack that made it, for `heap.leaks()`. */
const isTracing = env.SHARED_HEAP_TRACE === '1';

export const native = isTracing ? traced(load()) : load();

native.setErrorClass(SharedHeapError);
