// Being told of changes of an object: see csrc/core/watch.h.
import { invalidArgType, requireFunction, requireOptions } from './errors';
import { forget, handle, letGo, stayAlive } from './events';
import { native } from './native';
import { settle } from './wait';

/** How to watch. */
export interface WatchOptions {
  /** Whether the watch keeps the thread alive, as a timer does. Default: false. */
  readonly ref?: boolean | undefined;
}

/** A watch that goes on until `unwatch`, or `using`, ends it, or the object ends. */
export class Watch {
  #token: number;
  readonly #keepsAlive: boolean;
  readonly #stopSettling: () => void;

  /** Made by `ref.watch`. */
  constructor(id: number, callback: () => void, options: WatchOptions | undefined) {
    requireFunction(callback, 'callback');
    this.#keepsAlive = keepsAlive(options);
    this.#token = native.watch(id, false);
    this.#stopSettling = settle(this.#token);
    if (this.#keepsAlive) stayAlive();
    handle(this.#token, () => {
      // The end of the object is the last thing to tell.
      if (native.typeOf(id) === 0) this.unwatch();
      callback();
    });
  }

  /** Ends the watch: the callback is not called any more. May be called twice. */
  unwatch(): void {
    const token = this.#token;
    if (token === 0) return;
    this.#token = 0;
    this.#stopSettling();
    forget(token);
    native.unwatch(token);
    if (this.#keepsAlive) letGo();
  }

  /** For `using`: the same as `unwatch`. */
  [Symbol.dispose](): void {
    this.unwatch();
  }
}

function keepsAlive(options: WatchOptions | undefined): boolean {
  requireOptions(options);
  const { ref = false } = options ?? {};
  if (typeof ref !== 'boolean') throw invalidArgType('options.ref', 'a boolean', ref);
  return ref;
}
