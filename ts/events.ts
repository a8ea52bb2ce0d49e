// What this environment is told of from other threads: see csrc/core/port.h. Being told is only a
// reason to look again; handlers find out what has come.
import { native } from './native';

const { tokens } = native;
const handlers = new Map<number, () => void>();

/** How many promises wait for events: the environment stays alive for them. */
let waiting = 0;
let listening = false;

/** Has `handler` called when the wait of this token is told, until `forget`. */
export function handle(token: number, handler: () => void): void {
  listen();
  handlers.set(token, handler);
}

export function forget(token: number): void {
  handlers.delete(token);
}

/** Keeps the environment alive until as many calls of `letGo`. */
export function stayAlive(): void {
  listen(); // what does not listen yet cannot be kept alive by it
  waiting += 1;
  if (waiting === 1) native.keepAlive(true);
}

export function letGo(): void {
  waiting -= 1;
  if (waiting === 0) native.keepAlive(false);
}

function listen(): void {
  if (listening) return;
  native.listen(dispatch);
  listening = true;
}

function dispatch(count: number): void {
  const told = [...tokens.subarray(0, count)].map((token) => [token, handlers.get(token)] as const);
  for (const [token, handler] of told) {
    // A handler before it may have ended this wait, and begun another that has got its token.
    if (handler === undefined || handlers.get(token) !== handler) continue;
    try {
      handler();
    } catch (error) {
      // As an error that nobody caught, and after the others have had their turn.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
