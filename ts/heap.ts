import type { Native } from '../types/native';
import { invalidArgType, outOfRange } from './errors';
import { native } from './native';
import { isPlainObject } from './plain';
import type { HeapLeaks, HeapReport, ReportFormat, ReportOptions } from './report';
import { leaks, report } from './report';
import type { HeapScope } from './scope';
import { openScope } from './scope';

/** Sizes in bytes, times in milliseconds. */
export interface HeapOptions {
  /** Address space to reserve. Default: 64 GiB, or what the system grants. */
  readonly reserve?: number | undefined;
  /** How many bytes may be in use before writes throw `ERR_HEAP_FULL`. Default: `reserve`. */
  readonly limit?: number | undefined;
  /**
   * Milliseconds that locks, and changes to what another thread has locked, wait before they throw
   * `ERR_LOCKED`. Default: 5000.
   */
  readonly lockTimeout?: number | undefined;
}

/** Figures of the heap, field by field in docs/heap.md; see `heap.stats`. */
export type HeapStats = ReturnType<Native['stats']>;

/** What `heap.verify` found. */
export type HeapVerification = ReturnType<Native['verify']>;

/**
 * Sets the sizes of the heap, which all threads of the process share. To be called before the first
 * object is made in any of them.
 * @throws `ERR_ALREADY_CONFIGURED` if the heap is in use, `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
 */
export function configure(options: HeapOptions): void {
  if (!isPlainObject(options)) throw invalidArgType('options', 'an object', options);
  const { reserve, limit, lockTimeout, ...others } = options as HeapOptions &
    Record<string, unknown>;
  for (const name of Object.keys(others)) {
    throw invalidArgType(
      'options',
      `{ reserve, limit, lockTimeout } without ${JSON.stringify(name)}`,
      options,
    );
  }
  checkWhole('options.reserve', reserve, 'a number of bytes');
  checkWhole('options.limit', limit, 'a number of bytes');
  checkWhole('options.lockTimeout', lockTimeout, 'a number of milliseconds');
  native.configure(reserve, limit, lockTimeout);
}

function checkWhole(name: string, value: unknown, what: string): void {
  if (value === undefined) return;
  if (typeof value !== 'number') throw invalidArgType(name, what, value);
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw outOfRange(name, what.replace('a ', 'a positive whole '), value);
  }
}

/** The heap as a whole. */
export const heap = {
  /**
   * Figures of this moment; those of busy threads are not counted at one instant. `limboBytes` waits
   * for threads that may still be reading it, `pinnedBytes` is kept by `view()`s and long strings.
   */
  stats(): HeapStats {
    return native.stats();
  },

  /** Gives memory that nothing uses back to the system. Takes milliseconds; other threads go on. */
  trim(): void {
    native.trim();
  },

  /**
   * Walks the whole heap and checks that every object, count and table is consistent. `ok` tells;
   * `problems` says what is not. O(size of the heap). While other threads write the walk sees no
   * single moment: `quiescent` says whether it did.
   */
  verify(): HeapVerification {
    return native.verify();
  },

  /**
   * Opens a scope: claims that this thread takes from here on belong to it and are given up when it
   * ends, or when the worker dies before that (`terminate()`, `process.exit()`, an error nobody
   * catches). `using scope = heap.scope()`, or `scope.end()` in a `finally`. Of scopes that are open
   * at the same time the one opened last is meant, whatever asynchronous function opened it.
   */
  scope(): HeapScope {
    return openScope();
  },

  /**
   * Live objects by the place that made them (with `SHARED_HEAP_TRACE=1`; else all are
   * `'unknown'`), most objects first, split into those that are claimed, those held by a container or
   * name that can be reached, and cycles: containers that hold each other and nobody can reach, which
   * are reported here and not collected. O(size of the heap). While other threads write the walk
   * sees no single moment: `quiescent` says whether it did.
   */
  leaks(): HeapLeaks {
    return leaks();
  },

  /**
   * What takes the memory: by type, by object, by name, by creation site. A text for people of at
   * most 80 columns or, with `{ format: 'json' }`, the figures. Not one moment: see `leaks`.
   * O(size of the heap), and of what each of the first 100 names reaches.
   */
  report<F extends ReportFormat = 'text'>(
    options?: ReportOptions<F>,
  ): F extends 'json' ? HeapReport : string {
    return report(options) as F extends 'json' ? HeapReport : string;
  },
};
