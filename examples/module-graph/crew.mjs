// Worker threads that answer one message at a time. A thread that fails or ends early rejects whatever is
// waited for; it is never waited for in vain.

import { Worker } from 'node:worker_threads';

export class Crew {
  #members;

  /** Starts `count` threads on the module at `url`, each with the same `workerData`. */
  constructor(url, count, workerData) {
    this.#members = Array.from({ length: count }, () => {
      const worker = new Worker(url, { workerData });
      const member = { worker, resolve: undefined, reject: undefined, failure: undefined };
      const fail = (error) => {
        member.failure ??= error;
        member.reject?.(member.failure);
      };
      worker.on('message', (reply) => member.resolve?.(reply));
      worker.on('error', fail);
      worker.on('exit', (code) => fail(new Error(`a worker ended early, with exit code ${code}`)));
      return member;
    });
  }

  /** Gives every member the same message at once; their replies, in order. */
  askAll(message) {
    return Promise.all(this.#members.map((member) => ask(member, message)));
  }

  /** Gives the message to one member after the other, each after the reply of the one before. */
  async askInTurn(message) {
    const replies = [];
    for (const member of this.#members) replies.push(await ask(member, message));
    return replies;
  }

  async end() {
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }
}

function ask(member, message) {
  if (member.failure !== undefined) return Promise.reject(member.failure);
  return new Promise((resolve, reject) => {
    Object.assign(member, { resolve, reject });
    member.worker.postMessage(message);
  });
}
