// A worker of cases/churn.mjs.
import { workerData } from 'node:worker_threads';
import { generator } from '../data.mjs';
import {
  BufferRef,
  MapRef,
  NumberRef,
  StringRef,
  StructFactory,
  VectorRef,
} from '../peers/shared-heap.mjs';

const LIVE = 512;
const { cycles, seed } = workerData;
const random = generator(seed);
const upTo = (n) => Math.floor(random() * n);

const texts = Array.from({ length: 256 }, () =>
  Buffer.alloc(5 + upTo(1996), 97 + upTo(26)).latin1Slice(),
);
const someText = () => texts[upTo(texts.length)];
const Node = new StructFactory({ name: 'string', weight: 'number', open: 'boolean' });

function makeMap() {
  const map = new MapRef();
  for (let n = upTo(8); n > 0; n--) map.set(`key${upTo(100)}`, n % 2 === 0 ? n : someText());
  return map;
}

function makeVector() {
  const vector = new VectorRef();
  for (let n = upTo(16); n > 0; n--) vector.push(n);
  return vector;
}

function make() {
  const kind = random();
  if (kind < 0.35) return NumberRef.from(kind);
  if (kind < 0.65) return StringRef.from(someText());
  if (kind < 0.75) return makeMap();
  if (kind < 0.85) return makeVector();
  if (kind < 0.95) return Node.new({ name: someText(), weight: kind });
  return BufferRef.alloc(upTo(4096));
}

const live = new Array(LIVE).fill(undefined);
for (let i = 0; i < cycles; i++) {
  const place = upTo(LIVE);
  live[place]?.drop();
  live[place] = make();
}
for (const ref of live) ref?.drop();
