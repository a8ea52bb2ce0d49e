// Long texts: JS strings over the payload in the heap, which must stay while anybody uses them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { MapRef, StringRef, StructFactory, VectorRef, heap, share } from 'shared-heap';
import type { Heap } from './support';
import { checkHeap, commonJsFile, inChild, own, runNode } from './support';

checkHeap();

// In bytes: up to 1024 copied under the lock, from 2048 on external, from 131072 on large to V8.
const thresholds = [1024, 2048, 16_384, 131_072];
const kinds = ['a', '\0', '\u00ff', '\u0100', '\uffff', '\ud800', '\udfff', '\ud83d\ude00'];

/** Whether it is kept as UTF-16. */
function isWide(text: string): boolean {
  return /[^\0-\xff]/.test(text);
}

/** Of this many bytes in the heap, and different in every part. */
function longText(bytes: number, kind: string, tag = ''): string {
  const wide = isWide(kind);
  const length = wide ? bytes >> 1 : bytes;
  let text = tag;
  for (let i = 0; text.length < length; i++) text += `${kind}${i} `;
  // An astral character or a pair of surrogates may be cut: that must come back, too.
  return kind + text.slice(kind.length, length);
}

const texts = thresholds
  .flatMap((bytes) => [bytes - 2, bytes, bytes + 2])
  .concat(1 << 20)
  .flatMap((bytes) => kinds.map((kind) => longText(bytes, kind)));

describe('every long text comes back exactly', () => {
  test('from a StringRef', () => {
    const ref = own(new StringRef());
    for (const text of texts) {
      ref.setValue(text);
      const got = new StringRef(ref.id).obtainValue();
      expect(got === text).toBe(true);
      expect(ref.compareExchange(text, text) === text).toBe(true);
      expect(ref.compareExchange('', '') === text).toBe(true);
      expect(JSON.stringify(ref) === JSON.stringify(text)).toBe(true);
    }
  });

  test('from a vector: read, iterated, taken out, dereferenced', () => {
    const vector = own(VectorRef.from<string | StringRef>(texts));
    expect([...vector].every((text, i) => text === texts[i])).toBe(true);
    expect(vector.obtainValue().every((text, i) => text === texts[i])).toBe(true);
    expect(texts.every((text, i) => vector.at(i) === text && vector.valueAt(i) === text)).toBe(
      true,
    );
    expect(texts.every((text, i) => vector.indexOf(text) === i)).toBe(true);
    expect(vector.splice(0, 3).every((text, i) => text === texts[i])).toBe(true);
    expect(vector.shift() === texts[3]).toBe(true);
    expect(vector.pop() === texts.at(-1)).toBe(true);
    vector.push(StringRef.from(texts[0] ?? '').move());
    expect(vector.valueAt(-1) === texts[0]).toBe(true);
  });

  test('from a map, as keys and values', () => {
    const map = own(new MapRef<string, string>());
    for (const text of texts) map.set(text, text.slice(1));
    expect([...map].every(([key, value], i) => key === texts[i] && value === key.slice(1))).toBe(
      true,
    );
    expect(texts.every((text) => map.has(text) && map.get(text) === text.slice(1))).toBe(true);
    expect([...map.getMany(texts)].every((value, i) => value === texts[i]?.slice(1))).toBe(true);
    // The keys that came out find what they are the keys of.
    for (const key of map.keys()) expect(map.take(key) === key.slice(1)).toBe(true);
    expect(map.size).toBe(0);
  });

  test('from structs', () => {
    const Page = new StructFactory({ text: 'string', any: 'any', n: 'number' });
    const page = own(Page.new());
    for (const text of texts) {
      page.text = text;
      page.any = text;
      expect(page.text === text && page.getKey('any') === text).toBe(true);
      expect(page.obtainValue()).toEqual({ text, any: text, n: 0 });
    }
  });

  test('from shared values, copied deeply', () => {
    const value = { texts, map: new Map(texts.map((text) => [text, text])) };
    const shared = own(share(value));
    expect(shared.obtainValue()).toEqual(value);
  });
});

// Each gives a text of its own to a new place, and a way to read it and to get rid of it there.
interface Place {
  read: () => unknown;
  lose: () => void;
}
const places: Record<string, (text: string) => Place> = {
  'a StringRef is dropped': (text) => {
    const ref = StringRef.from(text);
    return { read: () => ref.obtainValue(), lose: () => ref.drop() };
  },
  'setValue puts another in its place': (text) => {
    const ref = own(StringRef.from(text));
    return { read: () => ref.obtainValue(), lose: () => ref.setValue('other') };
  },
  'compareExchange puts another in its place': (text) => {
    const ref = own(StringRef.from(text));
    return { read: () => ref.obtainValue(), lose: () => ref.compareExchange(text, 'other') };
  },
  'an element is overwritten': (text) => {
    const vector = own(VectorRef.from([text]));
    return { read: () => vector.at(0), lose: () => vector.setAt(0, text.toUpperCase()) };
  },
  'a vector is cleared': (text) => {
    const vector = own(VectorRef.from([text]));
    return { read: () => vector.at(0), lose: () => vector.splice(0) };
  },
  'a vector is dropped': (text) => {
    const vector = VectorRef.from([text]);
    return { read: () => vector.valueAt(0), lose: () => vector.drop() };
  },
  'a value of a map is overwritten': (text) => {
    const map = own(MapRef.from({ key: text }));
    return { read: () => map.get('key'), lose: () => map.set('key', text.toUpperCase()) };
  },
  'a key of a map is deleted': (text) => {
    const map = own(MapRef.from(new Map([[text, 1]])));
    return { read: () => [...map.keys()][0], lose: () => map.delete(text) };
  },
  'a map is cleared': (text) => {
    const map = own(MapRef.from(new Map([[text, 1]])));
    return { read: () => [...map.keys()][0], lose: () => map.clear() };
  },
  'a field of a struct is overwritten': (text) => {
    const struct = own(new StructFactory({ text: 'string' }).new({ text }));
    return {
      read: () => struct.text,
      lose: () => {
        struct.text = '';
      },
    };
  },
  'it was taken out': (text) => {
    const vector = own(VectorRef.from([text]));
    return { read: () => vector.pop(), lose: () => undefined };
  },
};

describe('a string stays as it is when', () => {
  test.each(Object.entries(places))('%s', (name, make) => {
    const sizes = [2048, 5000, 131_072, 1 << 20];
    const wanted = sizes.flatMap((bytes) => ['x', '\u20ac'].map((k) => longText(bytes, k, name)));
    const got = wanted.map((text) => {
      const place = make(text);
      const string = place.read();
      place.lose();
      return string;
    });
    heap.trim();
    // Would their memory be free, these would get it.
    const filler = wanted.map((text) => (isWide(text) ? '\u2020' : '#').repeat(text.length));
    const others: StringRef[] = [];
    for (let round = 0; round < 20; round++) {
      others.push(...filler.map((text) => StringRef.from(text)));
    }
    expect(got.every((string, i) => string === wanted[i])).toBe(true);
    for (const other of others) other.drop();
    heap.trim();
    expect(got.every((string, i) => string === wanted[i])).toBe(true);
  });
});

describe('a long string is a string like any other', () => {
  const latin1 = longText(8000, 'w', 'some words, ');
  const utf16 = longText(8000, '\u20ac', 'some words, ');
  const lost = (text: string): string => {
    const ref = StringRef.from(text);
    const string = ref.obtainValue();
    ref.drop();
    return string;
  };

  test.each([
    ['latin1', latin1],
    ['UTF-16', utf16],
  ])('%s', (_name, text) => {
    const string = lost(text);
    // As keys: V8 keeps one copy of every text that is one.
    const object: Record<string, number> = { [string]: 1 };
    object[lost(text)] = 2;
    expect(object).toEqual({ [text]: 2 });
    expect(Object.keys(object)[0] === text).toBe(true);
    expect(new Map([[string, 3]]).get(text)).toBe(3);
    expect(new Set([string, text, lost(text)]).size).toBe(1);
    expect(Symbol.for(string)).toBe(Symbol.for(text));
    // Compared, cut, joined.
    expect(string === text && text === string && string === lost(text)).toBe(true);
    expect(string === `${text} ` || string < text || string > text).toBe(false);
    expect(string.localeCompare(text)).toBe(0);
    expect(string.slice(5, 3000) === text.slice(5, 3000)).toBe(true);
    expect(string.at(-1) === text.at(-1) && string.charCodeAt(77) === text.charCodeAt(77)).toBe(
      true,
    );
    expect(string + string === text + text && `<${string}>` === `<${text}>`).toBe(true);
    expect([string, string].join() === [text, text].join()).toBe(true);
    // Searched.
    expect(string.split(' ')).toEqual(text.split(' '));
    expect(string.replaceAll(/\d+/g, '$&,') === text.replaceAll(/\d+/g, '$&,')).toBe(true);
    expect([...string.matchAll(/1(\d)\D/gu)]).toEqual([...text.matchAll(/1(\d)\D/gu)]);
    expect(string.indexOf('99 ')).toBe(text.indexOf('99 '));
    // Converted and sent.
    expect(JSON.stringify({ [string]: string })).toBe(JSON.stringify({ [text]: text }));
    expect(JSON.parse(lost(JSON.stringify([text, { text }])))).toEqual([text, { text }]);
    expect(Buffer.from(string)).toEqual(Buffer.from(text));
    expect(Buffer.from(string, 'utf16le')).toEqual(Buffer.from(text, 'utf16le'));
    expect(string.toUpperCase().normalize('NFD')).toBe(text.toUpperCase().normalize('NFD'));
    expect(structuredClone({ string })).toEqual({ string: text });
    const { port1, port2 } = new MessageChannel();
    port1.postMessage([string, string]);
    expect(receiveMessageOnPort(port2)).toEqual({ message: [text, text] });
    port1.close();
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- source code is text, too
    expect(new Function(lost(`return ${JSON.stringify(text)}`))()).toBe(text);
    // And given to the heap again.
    const map = own(MapRef.from(new Map([[string, string]])));
    expect(map.get(text)).toBe(text);
  });
});

/** Of one process: what strings pin is not seen among those of other tests. */
const collecting = { flags: ['--expose-gc'] };

describe('memory', () => {
  test('is not copied from 2 KiB on, and goes with the string', () => {
    const result = inChild(
      async ({ StringRef: Text, heap: memory }: Heap) => {
        const collect = (globalThis as unknown as { gc: () => void }).gc;
        const pinned = () => memory.stats().pinnedBytes;
        const read = (text: string) => {
          const ref = Text.from(text);
          const string = ref.obtainValue();
          const owned = pinned();
          ref.drop();
          return [string.length, owned, pinned()];
        };
        const pins: number[][] = [];
        for (const unit of ['x', '\u20ac']) {
          for (const bytes of [1000, 1024, 2000, 2048, 5000, 1 << 20]) {
            pins.push(read(unit.repeat(unit === 'x' ? bytes : bytes / 2)));
            for (let i = 0; i < 100 && pinned() > 0; i++) {
              await new Promise((resolve) => setTimeout(resolve, 1));
              collect();
            }
          }
        }
        return { pins, ok: memory.verify().ok, left: pinned() };
      },
      [],
      collecting,
    );
    const header = 8;
    const pinnedFor = (bytes: number) => (bytes < 2048 ? 0 : header + bytes);
    const wanted = [1000, 1024, 2000, 2048, 5000, 1 << 20];
    expect(result.pins).toEqual([
      ...wanted.map((bytes) => [bytes, 0, pinnedFor(bytes)]),
      ...wanted.map((bytes) => [bytes / 2, 0, pinnedFor(bytes)]),
    ]);
    expect(result).toMatchObject({ ok: true, left: 0 });
  });

  test('that a part of a string still needs stays', () => {
    const result = inChild(
      ({ StringRef: Text, heap: memory }: Heap) => {
        const collect = (globalThis as unknown as { gc: () => void }).gc;
        const part = (() => {
          const ref = Text.from(`start ${'middle '.repeat(10_000)} end`);
          const string = ref.obtainValue();
          ref.drop();
          return [string.slice(1000, 50_000), string.slice(-5000)];
        })();
        for (let i = 0; i < 5; i++) collect();
        memory.trim();
        const others = Array.from({ length: 200 }, () => Text.from('#'.repeat(70_000)));
        const same =
          part[0] === 'middle '.repeat(10_000).slice(994, 49_994) &&
          part[1] === `${'middle '.repeat(10_000)} end`.slice(-5000);
        for (const other of others) other.drop();
        const kept = memory.stats().pinnedBytes;
        part.length = 0;
        for (let i = 0; i < 5; i++) collect();
        return { same, kept, left: memory.stats().pinnedBytes, ok: memory.verify().ok };
      },
      [],
      collecting,
    );
    expect(result).toEqual({ same: true, kept: 70_018, left: 0, ok: true });
  });

  test.each([
    ['latin1', 'x', 4000, false],
    ['UTF-16', '\u20ac', 1500, false],
    ['latin1, by an environment that is online', 'x', 1000, true],
  ])('of strings let go in one turn stays below 300 MiB: %s', (_name, unit, count, online) => {
    const result = inChild(
      (
        { StringRef: Text, NumberRef, heap: memory }: Heap,
        piece: string,
        n: number,
        on: boolean,
      ) => {
        const length = piece === 'x' ? 1 << 20 : 1 << 19;
        const texts = Array.from({ length: 10 }, (_, i) => piece.repeat(length - 1) + String(i));
        const number = NumberRef.from(0);
        let most = 0;
        let sum = 0;
        for (let i = 0; i < n; i++) {
          if (on) number.setValue(i); // by the view, if there is one: retired memory then waits
          const ref = Text.from(texts[i % 10] ?? '');
          sum += ref.obtainValue().charCodeAt(length - 1) - 48;
          ref.drop();
          if (i % 8 === 0) most = Math.max(most, process.memoryUsage.rss());
        }
        most = Math.max(most, process.memoryUsage.rss());
        number.drop();
        return { mebibytes: most / 2 ** 20, sum, ok: memory.verify().ok };
      },
      [unit, count, online],
    );
    expect(result).toMatchObject({ sum: (count / 10) * 45, ok: true });
    expect(result.mebibytes).toBeLessThan(300);
  });

  test('that only strings need does not fill a heap with a low limit', () => {
    const result = inChild(({ StringRef: Text, configure, heap: memory }: Heap) => {
      const mebibyte = 1 << 20;
      configure({ reserve: 64 * mebibyte, limit: 64 * mebibyte });
      let most = 0;
      for (let i = 0; i < 300; i++) {
        const ref = Text.from(String(i).padEnd(mebibyte, 'x'));
        if (ref.obtainValue().length !== mebibyte) throw new Error('another text');
        ref.drop();
        most = Math.max(most, memory.stats().pinnedBytes);
      }
      for (let i = 0; i < 5; i++) {
        const refs = Array.from({ length: 36 }, (_, k) => Text.from(`${k}`.padEnd(mebibyte, 'y')));
        for (const ref of refs) ref.obtainValue();
        for (const ref of refs) ref.drop();
      }
      return { most: most / mebibyte, ok: memory.verify().ok };
    }, []);
    expect(result.ok).toBe(true);
    expect(result.most).toBeLessThan(8);
  });

  test.each([
    ['of a text that the heap has anyway', false, 0, 2],
    ['that nobody else needs', true, 5, 100],
  ])('%s makes V8 collect as often as it should', (_name, drop, least, most) => {
    const script = (file: string, dropping: boolean) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- in another process
      const { StringRef: Text } = require(file) as Heap;
      const kept = Text.from('k'.repeat(1 << 20));
      for (let i = 0; i < 600; i++) {
        const ref = dropping ? Text.from(kept.obtainValue()) : new Text(kept.id);
        if (ref.obtainValue().length !== 1 << 20) throw new Error('another text');
        if (dropping) ref.drop();
      }
    };
    const source = `(${script.toString()})(${JSON.stringify(commonJsFile)}, ${drop})`;
    const collections = runNode(['--trace-gc', '-e', source]).match(/Mark-Compact/g) ?? [];
    expect(collections.length).toBeGreaterThanOrEqual(least);
    expect(collections.length).toBeLessThanOrEqual(most);
  });
});

describe('without external strings texts are copied', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shared-heap-shim-'));
  const shim = join(folder, 'shim.so');
  beforeAll(() => {
    const source = join(__dirname, 'fixtures', 'string-shim.c');
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', shim, source, '-ldl']);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test.each(['absent', 'failing', 'copying'])('%s', (mode) => {
    const run = ({ StringRef: Text, MapRef: Dict, heap: memory }: Heap) => {
      const results: boolean[] = [];
      for (const unit of ['x', '\u20ac']) {
        for (const length of [10, 1030, 5000, 300_000]) {
          const text = unit.repeat(length);
          const ref = Text.from(text);
          const string = ref.obtainValue();
          const again = new Text(ref.id).obtainValue();
          const map = Dict.from(new Map([[text, text]]));
          const [pair] = [...map];
          map.drop();
          ref.drop();
          results.push(string === text && again === text && pair?.join() === [text, text].join());
        }
      }
      return {
        same: results.every(Boolean),
        pinned: memory.stats().pinnedBytes,
        objects: memory.stats().objects,
        ok: memory.verify().ok,
      };
    };
    const env = { LD_PRELOAD: shim, STRING_SHIM: mode };
    expect(inChild(run, [], { env })).toEqual({ same: true, pinned: 0, objects: 0, ok: true });
  });

  test('and otherwise not', () => {
    const pinned = inChild(({ StringRef: Text, heap: memory }: Heap) => {
      const ref = Text.from('x'.repeat(5000));
      const string = ref.obtainValue();
      ref.drop();
      return [string.length, memory.stats().pinnedBytes];
    }, []);
    expect(pinned).toEqual([5000, 5008]);
  });
});
