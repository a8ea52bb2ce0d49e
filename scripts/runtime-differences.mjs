// What scripts/runtimes.mjs knows of runtimes that are not Node.js. docs/runtimes.md says more about it, and lists
// these tests.

/** Test files that say nothing about a runtime. */
export const LEFT_OUT = {
  bench: 'measures, with packages that run on Node.js only',
  examples: 'runs through npm, and so on the Node.js that npm runs on',
};

/** Of every kind of work, also that which knows nothing of this package. */
const TERMINATE = '`terminate()` does not stop a worker that is in a loop or waits';

/**
 * Tests that differ: `file` is the test file below test/, `test` matches the full names. Those that hang are not run.
 */
export const DIFFERENCES = [
  {
    runtimes: ['bun', 'deno'],
    file: 'js/fast-calls',
    test: /every kind of key, value and id|two environments of a thread/,
    why: 'V8 fast calls are made on Node.js only; the tests ask V8 to optimise',
  },
  {
    runtimes: ['bun', 'deno'],
    file: 'js/long-strings',
    test: /is not copied from 2 KiB|that a part of a string still needs|and otherwise not|that nobody else needs makes V8/,
    why: 'long texts are copied out of the heap, so that none is pinned',
  },
  {
    runtimes: ['bun'],
    file: 'js/long-strings',
    test: /of strings let go in one turn/,
    why: 'Bun frees strings that addons made only between two turns',
  },
  {
    runtimes: ['bun', 'deno'],
    file: 'workers/long-strings',
    test: /a worker that ends \(terminate\)/,
    why: 'as above: the test waits for pinned texts',
  },
  {
    runtimes: ['bun', 'deno'],
    file: 'workers/view',
    test: /an object that is dropped, read by code that has never met a dead one|the scratch store is enough/,
    why: 'the hunt asks V8 to optimise, by its own syntax',
  },
  {
    runtimes: ['bun'],
    file: 'js/buffer',
    test: /from refuses what has no bytes, and detached ones/,
    why: 'Bun does not tell addons that an ArrayBuffer is detached: it has no bytes, and the copy has none',
  },
  {
    runtimes: ['bun'],
    file: 'js/nan',
    test: /the patterns are NaN, all different/,
    why: 'JavaScriptCore has one NaN itself',
  },
  {
    runtimes: ['bun'],
    file: 'js/inspect-json',
    test: /cycles and bigints throw/,
    why: 'the same TypeError with another message',
  },
  {
    runtimes: ['bun', 'deno'],
    file: 'js/readme',
    test: /const (?:Point|config|order) =/,
    why: 'console.log shows plain objects with other quotes and line breaks',
  },
  {
    runtimes: ['deno'],
    file: 'js/context',
    test: /an address space limit halves/,
    why: 'the test starts the runtime by a shell, as `node -e`',
  },
  {
    runtimes: ['deno'],
    file: 'workers/lifetime',
    test: /workers that exit or throw leave nothing behind/,
    why: 'a worker that threw ends with exit code 0',
  },
  {
    runtimes: ['deno'],
    file: 'workers/lifetime',
    test: /workers terminated in the middle of work/,
    hangs: true,
    why: TERMINATE,
  },
  {
    runtimes: ['deno'],
    file: 'workers/scope',
    test: /150 scoped workers terminated/,
    hangs: true,
    why: TERMINATE,
  },
  {
    runtimes: ['deno'],
    file: 'workers/scope',
    test: /a worker that ends by an error that nobody catches/,
    why: 'a worker that threw ends with exit code 0',
  },
  {
    runtimes: ['deno'],
    file: 'workers/queue',
    test: /a worker that ends while it waits takes nothing with it/,
    why: TERMINATE,
  },
  {
    runtimes: ['deno'],
    file: 'workers/locks',
    test: /every change is refused with ERR_LOCKED when/,
    why: `${TERMINATE}, and so it keeps its locks`,
  },
  {
    runtimes: ['deno'],
    file: 'workers/abandoned',
    test: /terminated in the middle of lock|several locks at once/,
    why: `${TERMINATE}, and so it keeps its locks`,
  },
  {
    runtimes: ['deno'],
    file: 'workers/long-strings',
    test: /a worker that ends \(loop\)/,
    why: TERMINATE,
  },
  {
    runtimes: ['deno'],
    file: 'workers/storm',
    test: /terminate\(\) of all of them/,
    why: TERMINATE,
  },
  {
    runtimes: ['deno'],
    file: 'js/locks',
    test: /a task whose timer comes late|a change behind such a task/,
    why: 'the answer of a thread comes after the end of the test',
  },
  {
    runtimes: ['deno'],
    file: 'js/copies',
    test: /a copy that does not fit/,
    why: 'an error that an addon throws while it is loaded is lost: the copy is refused when it is used',
  },
  {
    runtimes: ['deno'],
    file: 'js/unsupported',
    test: /import finds every export/,
    why: 'the test starts the runtime as `node --input-type=module`',
  },
  {
    runtimes: ['bun'],
    file: 'workers/lifetime',
    test: /200 workers terminated/,
    why: 'the memory of views that are alive when their worker ends is kept',
  },
  {
    runtimes: ['bun'],
    file: 'workers/storm',
    test: /threads come and go in turn/,
    hangs: true,
    why: 'two threads whose watchers change what the other one watches leave no time for timers',
  },
  {
    runtimes: ['bun'],
    file: 'workers/storm',
    test: /an uncaught error: the process has ended within 200 ms/,
    why: 'takes Bun some 400 ms',
  },
];
