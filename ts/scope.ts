// heap.scope(): claims that go when a block ends, or when the worker dies in the middle of it.
//
// There are two lists. The refs of a scope are kept here, so that its end gives up the claims that
// are its own and finishes their refs. JavaScript cannot run when a worker dies: for that case the
// core keeps the claims of all open scopes of this environment (csrc/core/scope.h).
import { SharedHeapError } from './errors';
import { native } from './native';
import type { Owners, Ref } from './ref';
import { idOf, release, setOwners } from './ref';

/** The open scopes of this environment, the innermost last. */
const open: HeapScope[] = [];

let owners!: Owners;

/** A scope as `heap.scope()` makes it. */
export class HeapScope {
  readonly #refs = new Set<Ref>();

  static {
    owners = {
      add: (ref) => {
        const innermost = open.at(-1);
        if (innermost !== undefined) innermost.#refs.add(ref);
      },
      has: (ref) => open.some((scope) => scope.#refs.has(ref)),
      delete: (ref) => {
        open.some((scope) => scope.#refs.delete(ref));
      },
    };
  }

  /**
   * Lets a ref out: its claim outlives this scope and belongs to the scope around it, or to nobody
   * but its owner if there is none. Returns the ref. Call it before the id is given to somebody who
   * will adopt it.
   * @throws `ERR_NO_CLAIM` if the ref owns no claim of this scope, `ERR_USE_AFTER_FREE`
   */
  keep<R extends Ref>(ref: R): R {
    const id = idOf(ref);
    if (!this.#refs.delete(ref)) {
      throw new SharedHeapError(
        'ERR_NO_CLAIM',
        `${ref.constructor.name} ${id} owns no claim of this scope; keep what was made, retained or ` +
          'taken inside it, once',
      );
    }
    const around = open[open.indexOf(this) - 1];
    if (around === undefined) native.scopeRemove(id);
    else around.#refs.add(ref);
    return ref;
  }

  /**
   * Gives up the claims that still belong to the scope and finishes their refs, the latest first.
   * Does nothing the second time. Never throws.
   */
  end(): void {
    const at = open.indexOf(this);
    if (at === -1) return;
    open.splice(at, 1);
    for (const ref of [...this.#refs].reverse()) release(ref);
    this.#refs.clear();
    if (open.length > 0) return;
    setOwners(undefined);
    native.scopeEnd();
  }

  /** For `using`: the same as `end()`. */
  [Symbol.dispose](): void {
    this.end();
  }
}

/** Opens a scope inside those that are open. */
export function openScope(): HeapScope {
  if (open.length === 0) {
    native.scopeBegin();
    setOwners(owners);
  }
  const scope = new HeapScope();
  open.push(scope);
  return scope;
}
