// The processes of a group's peers, started when first asked. Only one works at any time.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { childFile } from './paths.mjs';
import { peers } from './peers/index.mjs';

const LIMIT_SECONDS = 180;

/** Why a peer has no figure. */
class PeerFailure extends Error {
  /** `cause` is the stack of an error in the peer's process; without one that has ended. */
  constructor(message, cause) {
    super(message, { cause });
    this.isCrash = cause === undefined;
  }
}

export class Children {
  #group;
  #node;
  #running = new Map();

  constructor(group, node) {
    this.#group = group;
    this.#node = node;
  }

  /** The answer of a peer's process. @throws PeerFailure */
  async ask(peer, request) {
    const child = this.#running.get(peer) ?? (await this.#start(peer));
    try {
      if (hasEnded(child)) throw crashOf(child.exitCode, child.signalCode);
      tell(child, request);
      return await reply(child);
    } catch (error) {
      if (error.isCrash) this.#running.delete(peer);
      throw error;
    }
  }

  /** Ends one peer's process, or all. */
  async end(peer) {
    const ending = [...this.#running].filter(([name]) => peer === undefined || name === peer);
    for (const [name, child] of ending) {
      this.#running.delete(name);
      if (hasEnded(child)) continue;
      const gone = once(child, 'exit');
      tell(child, {}); // nothing more to do
      await gone;
    }
  }

  async #start(peer) {
    const child = fork(childFile, [this.#group, peer], {
      execPath: this.#node,
      execArgv: ['--expose-gc', '--no-warnings', ...(peers[peer].flags ?? [])],
    });
    try {
      await reply(child);
    } catch (error) {
      child.kill('SIGKILL'); // it could not load the peer, and waits
      throw error;
    }
    this.#running.set(peer, child);
    return child;
  }
}

const hasEnded = ({ exitCode, signalCode }) => exitCode !== null || signalCode !== null;
const crashOf = (code, killer) => new PeerFailure(`crashed (${killer ?? `exit code ${code}`})`);

/** A process that ends meanwhile is noticed by its exit. */
const tell = (child, request) => child.send(request, () => {});

async function reply(child) {
  const abort = new AbortController();
  const { signal } = abort;
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_SECONDS * 1000);
  const failed = once(child, 'exit', { signal }).then(([code, killer]) => {
    throw crashOf(code, killer);
  });
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), failed]);
    if (answer.error) throw new PeerFailure(`does not run: ${answer.error}`, answer.stack);
    return answer;
  } finally {
    clearTimeout(limit);
    failed.catch(() => {});
    abort.abort();
  }
}
