import type { TypeName, Id, IdLike } from './ids';
import { toId } from './ids';
import { SharedHeapError, invalidArgType, requireFunction } from './errors';
import { tryDrop, tryRetain } from './fast';
import type { LockInfo, LockOptions } from './lock';
import { lockWhile, lockWhileAsync, tryLockWhile } from './lock';
import { markChanged } from './marks';
import { native } from './native';
import { isAliveAt, isLiveId } from './view';
import type { WaitOptions } from './wait';
import { NOT_YET, timeoutOf, waitUntil, waitUntilAsync } from './wait';
import type { WatchOptions } from './watch';
import { Watch } from './watch';

/** How refs of another copy of this package (another realm, a second install) are recognised. */
export const BRAND = Symbol.for('shared-heap.ref');

/** Key of the method that makes a ref forget where its object is, and what it has read there. */
export const FORGET = Symbol('forget');

/** Who made a ref from an id that needs no check. Not exported from the package: nobody can forge it. */
class Made {
  constructor(readonly owning: boolean) {}
}
/** The ref owns a claim that its maker has taken for it. */
export const OWNED = new Made(true);
/** The ref only borrows. */
export const BORROWED = new Made(false);
export type { Made };

/** Whether a constructor's second argument says that the first needs no check. */
export function isMade(value: unknown): value is Made {
  return value instanceof Made;
}

/** Arguments of the constructors: none creates, one attaches. */
export type RefArgs<T extends TypeName> = [] | [id: IdLike<T>];

const BORROWING = 0;
const OWNING = 1;
const MOVING = 2;
const FINISHED = 3;

// Access to the private fields of refs, for this file to export.
let readId!: (ref: Ref) => number;
let becomeOwner: (ref: Ref) => void;
let disposeMoving!: (value: unknown) => void;
let releaseOwner!: (ref: Ref) => void;

/** Keeps the refs that own a claim taken while a scope is open (scope.ts). */
export interface Owners {
  add(ref: Ref): void;
  has(ref: Ref): boolean;
  delete(ref: Ref): void;
}
/** Undefined while no scope is open: then every place that looks here costs one branch. */
let owners: Owners | undefined;

/** From here on `next` is told of every ref that comes to own a claim, or has none any more. */
export function setOwners(next: Owners | undefined): void {
  owners = next;
}

/** Whether a ref owns a claim of a scope. */
export function isScoped(ref: Ref): boolean {
  return owners?.has(ref) === true;
}

/**
 * What all refs have in common. A ref stands for an object in the shared heap: it holds an id and
 * nothing else. It *owns* one claim on the object or *borrows* it; see `drop`, `retain` and `move`.
 *
 * Every method throws `ERR_USE_AFTER_FREE` if the ref is finished (dropped or moved) or the object
 * is gone, `ERR_INVALID_ID` or `ERR_TYPE_MISMATCH` if `id` was tampered with. Only `id`, `isAlive`
 * and `console.log` work on any ref. All methods may be called in any thread at any time; each is
 * one step to other threads unless its description says otherwise.
 */
export abstract class Ref<T extends TypeName = TypeName> {
  /** The object's id: post it to a worker and attach there with `new MapRef(id)`. */
  readonly id: Id<T>;
  /** The same: what methods use, so that nothing done to the property makes a ref another object's. */
  readonly #id: number;
  #state: number;
  /** The name of the object's type. */
  declare readonly [Symbol.toStringTag]: T;

  /** `create` makes an object with one claim. */
  protected constructor(type: TypeName, args: readonly unknown[], create: () => number) {
    const tag = native.types[type];
    const made = args[1];
    let id: number;
    let state = BORROWING;
    if (args.length === 0) {
      id = create();
      state = OWNING;
    } else if (made instanceof Made) {
      id = args[0] as number;
      if (made.owning) state = OWNING;
    } else {
      id = toId(args[0], type);
      // Of a struct the addon also tells the shape.
      if (type === 'StructRef' || !isLiveId(id, tag)) native.attach(id, tag);
    }
    this.id = id as Id<T>;
    this.#id = id;
    this.#state = state;
    if (owners !== undefined && state === OWNING) owners.add(this);
  }

  static {
    readId = (ref: unknown) => {
      if (typeof ref !== 'object' || ref === null || !(#state in ref)) {
        throw invalidArgType('this', 'a ref of this package', ref);
      }
      if (ref.#state === FINISHED) throw useAfterFree(ref);
      return ref.#id;
    };
    becomeOwner = (ref) => {
      ref.#state = OWNING;
      if (owners !== undefined) owners.add(ref);
    };
    releaseOwner = (ref) => {
      ref.#release();
    };
    disposeMoving = (value) => {
      if (typeof value !== 'object' || value === null || !(#state in value)) return;
      if (value.#state === MOVING) value[Symbol.dispose]();
    };
  }

  /** Whether the object is there at this moment; another thread may drop it at the next. */
  get isAlive(): boolean {
    return isAliveAt(this.#id) || native.typeOf(this.#id) !== 0;
  }

  /** Whether both stand for the same object. */
  equals(other: unknown): boolean {
    const id = readId(this);
    if (typeof other === 'number') return other === id;
    return typeof other === 'object' && other !== null && 'id' in other && other.id === id;
  }

  /** A new ref that owns a claim of its own: the object lives at least until that ref is dropped. */
  retain(): this {
    const id = readId(this);
    // Attached first, claimed then: whatever a subclass's constructor does, no claim is lost.
    const ref = new (this.constructor as new (id: number) => this)(id);
    if (ref.id !== id) {
      ref[Symbol.dispose]();
      const parameter = `the constructor of ${typeName(this)}`;
      throw invalidArgType(parameter, 'one that hands an id on to super()', this.constructor);
    }
    if (!tryRetain(id)) native.retain(id);
    becomeOwner(ref);
    return ref;
  }

  /**
   * Finishes this ref and gives up a claim: its own or, if it borrows, one of the object's. The
   * object goes with its last claim unless a container holds it.
   * @throws `ERR_NO_CLAIM` if none is left: what a container holds goes with the container.
   */
  drop(): void {
    const id = readId(this);
    if (!tryDrop(id)) native.drop(id);
    this.#finish();
    markChanged(id);
  }

  /**
   * Marks this owning ref and returns it: the next write into a container that succeeds takes its
   * claim and finishes the ref, as in `map.set('key', StringRef.from('text').move())`. If the write
   * fails the ref stays what it was.
   * @throws `ERR_NO_CLAIM` if this ref only borrows.
   */
  move(): this {
    const id = readId(this);
    if (this.#state === BORROWING) {
      throw new SharedHeapError(
        'ERR_NO_CLAIM',
        `${typeName(this)} ${id} is borrowed and has no claim to move; move the result of retain()`,
      );
    }
    this.#state = MOVING;
    return this;
  }

  /**
   * Runs `fn` under the object's lock and returns what it returns. Meanwhile locks of the object and
   * changes to it by other threads wait; reading does not. A thread may lock again what it has locked.
   * Blocks the thread until the lock is free, first come first served.
   *
   * A store to a NumberRef or a number field that another thread had begun when the lock was taken
   * may still land; writes through `BufferRef.view()` ask for no lock. The lock keeps nothing alive.
   * @throws `ERR_LOCKED` when the time is up, `ERR_DEADLOCK` at once if it would wait for itself
   */
  lock<R>(fn: (info: LockInfo) => R, options?: LockOptions): R {
    return lockWhile(idOf(this), fn, options);
  }

  /** The same if nobody holds the lock. Returns whether `fn` has run; never waits. */
  tryLock(fn: (info: LockInfo) => unknown): boolean {
    return tryLockWhile(idOf(this), fn);
  }

  /**
   * Runs `fn` under the object's lock, to the end of its promise, without blocking the thread. Not
   * re-entrant: calls queue, of one thread as of several, and one from within `fn` itself, or from
   * what it has started, is `ERR_DEADLOCK`. Other code of this thread may change the object meanwhile.
   * @throws (rejects with) `ERR_LOCKED` when the time is up, `ERR_DEADLOCK`
   */
  async lockAsync<R>(
    fn: (info: LockInfo) => PromiseLike<R> | R,
    options?: LockOptions,
  ): Promise<R> {
    return lockWhileAsync(idOf(this), fn, options);
  }

  /**
   * A number that is another after each change of the object itself, for comparing (it comes round
   * after 2^28 changes). Elements that are refs have versions of their own. From the first time on
   * stores to a NumberRef or struct, in all threads, cost a call.
   */
  get version(): number {
    return native.version(idOf(this));
  }

  /**
   * Blocks until the version is another than `version`; false if the time was up first. To wait for
   * a condition: read the version, then look, then wait.
   * @throws `ERR_USE_AFTER_FREE` if the object ends
   */
  wait(version: number, options?: WaitOptions): boolean {
    const changed = changeOf(this, version);
    return waitUntil(readId(this), changed, timeoutOf(options), () => false);
  }

  /** The same without blocking; the thread stays alive meanwhile. */
  async waitAsync(version: number, options?: WaitOptions): Promise<boolean> {
    const changed = changeOf(this, version);
    return waitUntilAsync(readId(this), changed, timeoutOf(options), () => false);
  }

  /**
   * Calls back after changes of the object by any thread, this one too, later and once for all that
   * have come since: what has changed is to be read. The last call tells that the object has ended.
   * An error that the callback throws is reported as uncaught.
   */
  watch(callback: (ref: this) => void, options?: WatchOptions): Watch {
    requireFunction(callback, 'callback');
    return new Watch(
      idOf(this),
      () => {
        callback(this);
      },
      options,
    );
  }

  /** For `using`: an owning ref gives up its claim, a borrowing one is only finished. Never throws. */
  [Symbol.dispose](): void {
    this.#release();
  }

  #release(): void {
    const state = this.#state;
    this.#finish();
    if (state !== OWNING && state !== MOVING) return;
    if (!tryDrop(this.#id)) native.dispose(this.#id);
    markChanged(this.#id);
  }

  /** What `JSON.stringify` writes for this ref. Not one step for containers: see `obtainValue`. */
  abstract toJSON(): unknown;

  /**
   * For this package alone, all copies of it: tells, of an unfinished ref, whether it is being moved,
   * and ends one whose claim has been taken, by the copy with the addon `mover`.
   */
  [BRAND](mover?: unknown): boolean {
    readId(this);
    const moving = this.#state === MOVING;
    if (moving && mover !== undefined) {
      // Another copy's environment has not struck the claim off this one's list (csrc/core/scope.h).
      if (mover !== native && isScoped(this)) native.scopeRemove(this.#id);
      this.#finish();
    }
    return moving;
  }

  #finish(): void {
    this.#state = FINISHED;
    if (owners !== undefined) owners.delete(this);
    this[FORGET]();
  }

  /** For this package alone: from here on the ref finds nothing in the view. */
  [FORGET](): void {
    // BufferRef never looks there
  }
}

/** The id of a ref that is still in use; throws for a finished one. What every method starts with. */
export const idOf = readId;
/** Gives up the claim of a ref that was to be moved and was not, when nobody else can reach it. */
export const disposeIfMoving = disposeMoving;
/** What `[Symbol.dispose]` does, whatever a subclass has made of it. */
export const release = releaseOwner;

/** Whether a value is a ref, of this copy of the package or another; `{ id: 342 }` is not. */
export function isRef(value: unknown): value is Ref {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** A class of refs, of which `newOwner` makes one. */
export type RefClass<R extends Ref> = new (...args: never) => R;

/** The owning ref of an object just made. */
export function newOwner<R extends Ref>(cls: RefClass<R>, id: number): R {
  return new (cls as unknown as new (id: number, made: Made) => R)(id, OWNED);
}

/** Makes a ref just attached the owner of a claim that the sender of its id left behind. */
export function adopt<R extends Ref>(ref: R): R {
  if (native.counts(ref.id)[0] === 0) {
    throw new SharedHeapError(
      'ERR_NO_CLAIM',
      `nobody left a claim on ${typeName(ref)} ${ref.id} to adopt; use acquire() or retain()`,
    );
  }
  if (owners !== undefined) native.scopeAdd(ref.id);
  becomeOwner(ref);
  return ref;
}

/** Makes a ref just attached the owner of a new claim. */
export function acquire<R extends Ref>(ref: R): R {
  native.retain(ref.id);
  becomeOwner(ref);
  return ref;
}

/** An attempt for `waitUntil`. */
function changeOf(ref: Ref, version: number): () => true | typeof NOT_YET {
  const id = readId(ref);
  if (typeof version !== 'number') throw invalidArgType('version', 'a number', version);
  return () => (native.version(id) === version ? NOT_YET : true);
}

function typeName(ref: Ref): string {
  return ref.constructor.name;
}

/** For methods that begin with a private field of their class, called on something else. */
export function notThisClass(value: unknown): TypeError {
  return invalidArgType('this', 'a ref of this package', value);
}

function useAfterFree(ref: Ref): SharedHeapError {
  return new SharedHeapError(
    'ERR_USE_AFTER_FREE',
    `use after free: this ${typeName(ref)} (id ${ref.id}) was dropped or moved`,
  );
}
