// The only file that loads the addon. Everything that C defines (type tags, modes, limits) is read
// from it, never written down a second time.
import { dirname } from 'node:path';
import { env } from 'node:process';
import type { Native } from '../types/native';
import { SharedHeapError, hasCode } from './errors';
import { standIn } from './stand-in';
import { traced } from './trace';

const folder = dirname(__dirname);

/* eslint-disable @typescript-eslint/no-require-imports -- addons load by require alone */
// Finds build/Release/*.node, or what of prebuilds/<platform>-<arch>/*.node fits this C library.
const { path: find } = require('node-gyp-build') as { path: (folder: string) => string };

/** The addon; undefined where there is none that can be loaded, with the reason. */
function load(): { addon: Native } | { addon: undefined; reason: unknown } {
  try {
    const addon = require(find(folder)) as Native;
    addon.setErrorClass(SharedHeapError);
    return { addon };
  } catch (reason) {
    if (reason instanceof Error && hasCode(reason, 'ERR_INCOMPATIBLE_COPY')) {
      throw new SharedHeapError('ERR_INCOMPATIBLE_COPY', reason.message);
    }
    return { addon: undefined, reason };
  }
}
/* eslint-enable @typescript-eslint/no-require-imports */

function unsupported(cause: unknown): SharedHeapError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new SharedHeapError(
    'ERR_UNSUPPORTED_PLATFORM',
    `shared-heap has no binary that loads on ${process.platform} ${process.arch} (looked for ` +
      `prebuilds/${process.platform}-${process.arch}/*.node and build/Release/*.node in ${folder}); ` +
      `"npx shared-heap build" compiles one. The reason: ${reason.replace(/\s+/g, ' ')}`,
  );
  error.cause = cause;
  return error;
}

const loaded = load();

/**
 * Whether there is a binary of this package that this machine and engine can load. Where it is
 * `false` everything can be imported, and whatever is used first throws `ERR_UNSUPPORTED_PLATFORM`.
 */
export const isSupported: boolean = loaded.addon !== undefined;

/** Set to 1, every object remembers the stack that made it, for `heap.leaks()`. */
const isTracing = env.SHARED_HEAP_TRACE === '1';

function addonOrStandIn(): Native {
  if (loaded.addon === undefined) return standIn(() => unsupported(loaded.reason));
  return isTracing ? traced(loaded.addon) : loaded.addon;
}

export const native = addonOrStandIn();
