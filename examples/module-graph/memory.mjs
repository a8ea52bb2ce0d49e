// What the graph costs when N threads have it: once in the shared heap, or cloned into each of them with
// postMessage. Both are measured the same way, each in a child process of its own (memory-child.mjs), as
// the growth of PSS between "N threads started, no graph" and "N threads have answered from the graph and
// let go of everything but the graph". The children get the structure of the graph in a file and read the
// texts from disk again, so that nothing is lexed twice and nothing of this process is counted.

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'node:v8';

const CHILD = new URL('./memory-child.mjs', import.meta.url);

/**
 * @param {{ modules: Map<string, object>, edges: unknown[] }} plain the reference graph
 * @param {number} workers
 * @returns {Promise<{ shared: Measurement, cloned: Measurement }>}
 * @typedef {{ before: number, after: number, answers: object[], digests: string[],
 *   leftOver: number, problems: string[] }} Measurement
 *   bytes of PSS; what each thread answered; objects left in the heap at the end (0 when cloned)
 */
export async function measureMemory(plain, workers) {
  const folder = mkdtempSync(join(tmpdir(), 'shared-heap-demo-'));
  try {
    const file = join(folder, 'graph.bin');
    writeFileSync(file, serialize({ modules: [...plain.modules.values()], edges: plain.edges }));
    // One after the other: PSS divides what processes share, so a neighbour that ends would show.
    const shared = await runChild('shared', file, workers);
    const cloned = await runChild('cloned', file, workers);
    return { shared, cloned };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runChild(mode, file, workers) {
  return new Promise((resolve, reject) => {
    const child = fork(CHILD, [mode, file, String(workers)], {
      execArgv: [...process.execArgv, '--expose-gc'],
      serialization: 'advanced',
    });
    let result;
    child.on('message', (message) => {
      result = message;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0 && result !== undefined) resolve(result);
      else
        reject(
          new Error(`the "${mode}" memory measurement ended with ${signal ?? `code ${code}`}`),
        );
    });
  });
}
