import { invalidArgType, readAll } from './errors';
import type { LockInfo, LockOptions } from './lock';
import { lockAllWhile } from './lock';
import type { Ref } from './ref';
import { idOf, isRef } from './ref';

/**
 * Runs `fn` under the locks of several objects, which are taken in one order everywhere, so that calls
 * with the same objects in any order never wait for each other in a circle. `timeout` is for all of
 * them together. Blocks; see `ref.lock`.
 * @throws `ERR_LOCKED`, `ERR_DEADLOCK`
 */
export function lockAll<R>(
  refs: Iterable<Ref>,
  fn: (info: LockInfo) => R,
  options?: LockOptions,
): R {
  const ids = readAll(refs, 'refs').map((ref) => {
    if (!isRef(ref)) throw invalidArgType('refs', 'an iterable of refs', ref);
    return idOf(ref);
  });
  return lockAllWhile(ids, fn, options);
}
