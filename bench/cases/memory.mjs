// Memory, each figure in a process of its own, at the end of which nothing but the objects is left.
// For the shared heap it is what its stats() have grown by, all overhead included: bytes in use or
// resident bytes, whichever is more (a table that has just doubled uses pages it has not touched).
// For the others it is what they say of themselves, or what V8's heap has grown by.
import { makeKeys, sized } from '../data.mjs';

const MILLION = sized(1_000_000);

const settle = () => {
  globalThis.gc();
  globalThis.gc();
};

function measureHeap({ heap }, count, fill) {
  fill(1); // whatever the first of a kind needs
  settle();
  heap.trim();
  const before = heap.stats();
  const rss = process.memoryUsage.rss();
  fill(count);
  settle();
  const grown = heap.stats();
  heap.trim();
  const after = heap.stats();
  const resident = (after.residentBytes - before.residentBytes) / count;
  const used = (after.usedBytes - before.usedBytes) / count;
  return {
    value: Math.max(used, resident),
    detail: {
      used,
      resident,
      live: (after.liveBytes - before.liveBytes) / count,
      residentBeforeTrim: (grown.residentBytes - before.residentBytes) / count,
      processRss: (process.memoryUsage.rss() - rss) / count,
    },
  };
}

/** The keys are garbage when this returns; the map is what `kept` keeps. */
const kept = [];
function fillMap(peer, count) {
  const map = peer.newMap(count);
  peer.inBatch(() => {
    for (const [i, key] of makeKeys(count).entries()) map.set(key, i);
  });
  kept.push(map);
  return map;
}

function measureMap(peer, count) {
  if (peer.heap) return measureHeap(peer, count, (n) => fillMap(peer, n));
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
  settle();
  const before = used();
  const map = fillMap(peer, count);
  settle();
  const grown = (used() - before) / count;
  return peer.mapBytes
    ? { value: peer.mapBytes(map) / count, detail: { heapGrowth: grown } }
    : { value: grown };
}

// A slot has 32 bytes; its share of the table's page records comes to less than half a byte.
const SLOT = 32.5;

const common = { unit: 'B', fresh: true, maxRounds: 1 };

export default [
  {
    ...common,
    name: 'memory.map',
    title: 'memory of a `MapRef` entry: 1,000,000 string keys of 10-15 characters, number values',
    peers: ['shared-heap', 'plain', 'lmdb', 'sharedmap'],
    bounds: [{ atMost: 56 }],
    measure: (peer) => measureMap(peer, MILLION),
  },
  {
    ...common,
    name: 'memory.map-grown',
    title: 'the same with 1,060,000 entries, just after the table has doubled',
    peers: ['shared-heap', 'plain'],
    bounds: [{ atMost: 80 }],
    measure: (peer) => measureMap(peer, sized(1_060_000)),
  },
  {
    ...common,
    name: 'memory.number',
    title: 'memory of a `NumberRef`',
    peers: ['shared-heap'],
    bounds: [{ atMost: SLOT }],
    measure: (peer) =>
      measureHeap(peer, MILLION, (count) => {
        for (let i = 0; i < count; i++) peer.newNumber(i + 0.5);
      }),
  },
  {
    ...common,
    name: 'memory.string',
    title: 'memory of a `StringRef` of 12 characters',
    peers: ['shared-heap'],
    bounds: [{ atMost: SLOT }],
    measure: (peer) =>
      measureHeap(peer, MILLION, (count) => {
        for (let i = 0; i < count; i++) peer.newString(`text${String(i).padStart(8, '0')}`);
      }),
  },
];
