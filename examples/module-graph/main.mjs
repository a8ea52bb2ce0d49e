// npm run demo [-- <folder> --workers N]
//
// Builds the module graph of a folder in the heap that all worker threads share, asks every thread about
// the whole graph, and checks each answer against one thread that did it all with plain objects. README,
// section "The demo", shows its output. What happens, in order:
//
//   1. reference: one thread, plain objects: the answers to compare with
//   2. the shared graph built by 1 worker, dropped again
//   3. the shared graph built by N workers; each answers every question about the whole of it; one edge is
//      then added by the main thread, and each answers anew without having been told more than "again"
//   4. memory, in child processes: the shared graph against a clone in every thread
//   5. everything is dropped; the heap must hold what it held at the start
//
// Ends with 0 if all of it was as it should be, 1 if anything differed, 2 if it was called wrongly.

import { availableParallelism } from 'node:os';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { countEdges, digestEdges, KINDS } from './edges.mjs';
import { Crew } from './crew.mjs';
import { listSources } from './files.mjs';
import { loadLexers } from './imports.mjs';
import { measureMemory } from './memory.mjs';
import { answerPlainly, buildPlainGraph } from './reference.mjs';
import { count, facts, figures, mebibytes, Progress, quoted, seconds } from './report.mjs';
import { createResolver } from './resolve.mjs';
import * as store from './store.mjs';

const USAGE = `usage: npm run demo [-- <folder> --workers N]

  <folder>       where to look for .js, .mjs, .cjs and .ts files (default: node_modules of this project)
  --workers, -w  number of worker threads (default: the number of cores)`;

const WORKER = new URL('./worker.mjs', import.meta.url);
const DEFAULT_FOLDER = fileURLToPath(new URL('../../node_modules', import.meta.url));
const POLL_INTERVAL = 100;
/** Items of a list shown at the end; the lists that are compared are whole. */
const SHOWN = 5;

/** What differed from the reference. Empty at the end, or the demo has failed. */
const differences = [];

async function main() {
  const { folder, workers } = readArguments(process.argv.slice(2));
  const sources = readFolder(folder);
  const { paths } = sources;
  const objectsBefore = store.liveObjects();
  const labels = {
    reference: 'one thread, plain objects',
    one: 'shared heap, 1 worker',
    many: `shared heap, ${workers} workers`,
    memory: `memory: shared and cloned, ${workers} threads each`,
  };
  const progress = new Progress(Object.values(labels));
  console.log(`${count(paths.length)} files below ${sources.root}`);
  for (const line of sources.unreadable) console.log(`cannot be listed: ${line}`);
  try {
    progress.begin(labels.reference, paths.length);
    const reference = await makeReference(paths, progress);
    reference.time = progress.end();

    progress.begin(labels.one, paths.length);
    const one = await buildShared(paths, 1, progress);
    const oneTime = progress.end();
    store.dropGraph(one.graph);

    const many = await buildAndAsk(paths, workers, progress, labels.many, reference);

    progress.begin(labels.memory, 1);
    const memory = await measureMemory(reference.plain, workers);
    progress.end();
    checkMemory(memory, reference);

    const objectsAfter = store.liveObjects();
    check('objects left in the heap', objectsAfter - objectsBefore, 0);
    report({ sources, workers, reference, oneTime, many, memory, objectsBefore, objectsAfter });
  } finally {
    progress.abandon();
  }
}

class UsageError extends Error {}

function readArguments(args) {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        workers: { type: 'string', short: 'w' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error.message, { cause: error });
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (positionals.length > 1) throw new UsageError('one folder at most');
  const workers = values.workers === undefined ? availableParallelism() : Number(values.workers);
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new UsageError(`--workers takes a number from 1 up, not "${values.workers}"`);
  }
  return { folder: positionals[0] ?? DEFAULT_FOLDER, workers };
}

function readFolder(folder) {
  let sources;
  try {
    sources = listSources(folder);
  } catch (error) {
    throw new UsageError(`cannot list the folder: ${error.message}`, { cause: error });
  }
  if (sources.paths.length === 0) {
    throw new UsageError(`no .js, .mjs, .cjs or .ts file below ${folder}`);
  }
  return sources;
}

async function makeReference(paths, progress) {
  await loadLexers();
  const plain = buildPlainGraph(paths, createResolver(), (done) => progress.update(done));
  return {
    plain,
    answers: answerPlainly(plain),
    summary: summarisePlainly(plain),
    edges: digestEdges(plain.edges),
  };
}

function summarisePlainly({ modules }) {
  const summary = { files: 0, bytes: 0, exports: 0, refused: [] };
  for (const { path, bytes, exports, refused } of modules.values()) {
    summary.files += 1;
    summary.bytes += bytes;
    summary.exports += exports;
    if (refused !== '') summary.refused.push([path, refused]);
  }
  return summary;
}

/** The graph, filled by `workers` threads, which are ended unless `keep` is set. */
async function buildShared(paths, workers, progress, keep = false) {
  const graph = store.createGraph(paths);
  const crew = new Crew(WORKER, workers, { ids: store.idsOf(graph) });
  const poll = setInterval(() => progress.update(store.finishedModules(graph)), POLL_INTERVAL);
  try {
    const [replies] = await Promise.all([crew.askAll('build'), store.handOut(graph, paths)]);
    const shares = replies.map(({ files }) => files);
    if (!keep) await crew.end();
    return { graph, crew, shares };
  } finally {
    store.endWork(graph); // also if a worker failed: nobody waits for room any more
    clearInterval(poll);
  }
}

async function buildAndAsk(paths, workers, progress, label, reference) {
  progress.begin(label, paths.length);
  const { graph, crew, shares } = await buildShared(paths, workers, progress, true);
  const time = progress.end();
  const bytes = store.liveBytes();

  const replies = await crew.askAll('query');
  for (const [i, { answers }] of replies.entries())
    compareAnswers(`worker ${i}`, answers, reference);
  for (const [i, facts] of (await crew.askAll('inspect')).entries()) {
    check(`worker ${i}: files, bytes, refused files`, facts.summary, reference.summary);
    check(`worker ${i}: digest of all sources`, facts.sources, reference.plain.digest);
    check(`worker ${i}: digest of all edges`, facts.edges, reference.edges);
  }
  await changeAndAskAgain(graph, crew, reference);
  await crew.end();
  for (const problem of store.findProblems()) differences.push(problem);
  store.dropGraph(graph);
  const slowest = (key) => Math.max(...replies.map((reply) => reply[key]));
  return { time, bytes, shares, readTime: slowest('readTime'), answerTime: slowest('answerTime') };
}

/**
 * Shows that answers come from the shared heap: the main thread adds an edge from the end of the longest
 * chain to its start, and tells the workers nothing. The chain becomes one component.
 */
async function changeAndAskAgain(graph, crew, { plain, answers }) {
  const { chain } = answers;
  const from = plain.modules.get(chain.at(-1)[0]).index;
  const to = plain.modules.get(chain[0][0]).index;
  const edge = [from, to, KINDS.indexOf('import'), 'added-by-the-demo'];
  store.addEdges(graph, edge);
  const changed = {
    answers: answerPlainly({ modules: plain.modules, edges: [...plain.edges, ...edge] }),
  };
  for (const [i, reply] of (await crew.askAll('query')).entries()) {
    compareAnswers(`worker ${i}, after the added edge`, reply.answers, changed);
  }
}

function checkMemory({ shared, cloned }, reference) {
  for (const [mode, { answers, digests, leftOver, problems }] of Object.entries({
    shared,
    cloned,
  })) {
    for (const [i, answer] of answers.entries()) {
      compareAnswers(`memory, ${mode}, thread ${i}`, answer, reference);
      check(`memory, ${mode}, thread ${i}: digest`, digests[i], reference.plain.digest);
    }
    check(`memory, ${mode}: objects left in the heap`, leftOver, 0);
    differences.push(...problems.map((problem) => `memory, ${mode}: ${problem}`));
  }
}

function compareAnswers(who, answers, reference) {
  for (const [question, expected] of Object.entries(reference.answers)) {
    check(`${who}: ${question}`, answers[question], expected);
  }
}

let checks = 0;

function check(what, actual, expected) {
  checks += 1;
  if (!isDeepStrictEqual(actual, expected)) differences.push(what);
}

function report({
  sources,
  workers,
  reference,
  oneTime,
  many,
  memory,
  objectsBefore,
  objectsAfter,
}) {
  const { answers, summary, plain } = reference;
  const edges = countEdges(plain.edges);
  const name = (path) => relative(sources.root, path).split(sep).join('/');
  const list = (items, show) => {
    for (const item of items.slice(0, SHOWN)) console.log(`  ${show(item)}`);
    if (items.length > SHOWN) console.log(`  ... and ${count(items.length - SHOWN)} more`);
  };

  console.log('\nmost imported');
  for (const [path, importers] of answers.mostImported) {
    console.log(`  ${String(importers).padStart(6)}  ${name(path)}`);
  }
  console.log(`\nunresolved imports: ${count(answers.unresolved.length)}`);
  list(answers.unresolved, ([path, specifier]) => `${name(path)}: ${quoted(specifier)}`);
  const cyclic = [...answers.cycles].sort((a, b) => b.length - a.length);
  console.log(
    `\nstrongly connected components: ${count(answers.components)}, with a cycle: ${count(cyclic.length)}`,
  );
  list(cyclic, (members) => `${count(members.length)} modules, the first ${name(members[0])}`);
  console.log(
    `\nlongest import chain: ${count(answers.chainLength)} modules in ${count(answers.chain.length)} components`,
  );
  list(answers.chain, (members) =>
    members.length === 1
      ? name(members[0])
      : `${name(members[0])} (a cycle of ${count(members.length)})`,
  );
  console.log(`\nfiles refused by a lexer, or unreadable: ${count(summary.refused.length)}`);
  list(summary.refused, ([path, reason]) => `${name(path)}: ${reason}`);

  const growth = (side) => side.after - side.before;
  console.log();
  console.log(
    facts([
      ['files', count(summary.files)],
      ['bytes', count(summary.bytes)],
      ['edges', count(edges.all)],
      ['  to modules of the graph', count(edges.inside)],
      ['  to built-in modules', count(edges.builtin)],
      ['  to other files (.json, .node, outside the folder)', count(edges.outside)],
      ['  unresolved', count(edges.unresolved)],
      ['refused files', count(summary.refused.length)],
      ['symbolic links not followed', count(sources.links)],
      ['files taken by each worker', many.shares.map(count).join(' + ')],
      ['live bytes of the shared graph', mebibytes(many.bytes)],
      ['a query: reading the graph, slowest worker', seconds(many.readTime)],
      ['a query: computing the answers, slowest worker', seconds(many.answerTime)],
    ]),
  );
  console.log(
    figures(
      ['build', 'time', 'speedup'],
      [
        ['one thread, plain objects', seconds(reference.time), ratio(oneTime, reference.time)],
        ['shared heap, 1 worker', seconds(oneTime), ratio(oneTime, oneTime)],
        [`shared heap, ${workers} workers`, seconds(many.time), ratio(oneTime, many.time)],
      ],
    ),
  );
  console.log(
    figures(
      [
        `the graph in ${workers} threads`,
        'PSS before',
        'PSS with graph',
        'growth',
        'of a clone in each',
      ],
      Object.entries(memory).map(([mode, side]) => [
        mode === 'shared' ? 'shared heap' : 'cloned with postMessage',
        mebibytes(side.before),
        mebibytes(side.after),
        mebibytes(growth(side)),
        `${((100 * growth(side)) / growth(memory.cloned)).toFixed(0)} %`,
      ]),
    ),
  );
  console.log(
    `live objects in the heap: ${objectsBefore} before, ${objectsAfter} after dropping everything`,
  );
  if (differences.length === 0) {
    console.log(`${count(checks)} checks against the single-threaded computation: all the same`);
  } else {
    console.error(`${count(differences.length)} of ${count(checks)} checks failed:`);
    for (const difference of differences) console.error(`  ${difference}`);
    process.exitCode = 1;
  }
}

function ratio(a, b) {
  return `${(a / b).toFixed(2)} x`;
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
  console.error(error);
  process.exit(1);
}
