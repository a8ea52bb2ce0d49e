// The addon in several contexts of one process, and the settings that a process makes once.
import { addonFile, commonJsFile, inChild, outcomeInChild, runNode } from './support';

const addon = JSON.stringify(addonFile);

describe('contexts', () => {
  test('one addon, many vm contexts, one heap', () => {
    const printed = runNode([
      '-e',
      `
      const vm = require('node:vm');
      const fs = require('node:fs');
      const path = require('node:path');
      const dist = path.dirname(${JSON.stringify(commonJsFile)});
      // Loads the package's files anew inside a context, as jest does for each test file.
      function load(context, file, cache = new Map()) {
        if (cache.has(file)) return cache.get(file).exports;
        const module = { exports: {} };
        cache.set(file, module);
        const wrapper = vm.runInContext('(function (exports, require, module, __filename, __dirname) {' +
          fs.readFileSync(file, 'utf8') + '\\n})', context, { filename: file });
        const localRequire = (name) => name.startsWith('.')
          ? load(context, path.join(path.dirname(file), name + (name.endsWith('.js') ? '' : '.js')), cache)
          : require(name);
        wrapper(module.exports, localRequire, module, file, path.dirname(file));
        return module.exports;
      }
      const heaps = Array.from({ length: 20 }, () => load(vm.createContext({}), path.join(dist, 'index.js')));
      const map = new heaps[0].MapRef();
      heaps.forEach((heap, i) => new heap.MapRef(map.id).set(i, heap.StringRef.from('from ' + i).move()));
      const texts = [...new heaps[7].MapRef(map.id).values()].map((ref) => ref.obtainValue());
      map.drop();
      const errors = heaps.map((heap) => { try { new heap.MapRef(map.id); } catch (e) { return e.code; } });
      console.log(JSON.stringify({ texts, errors, distinct: new Set(heaps.map((h) => h.MapRef)).size,
        verify: heaps[3].heap.verify() }));`,
    ]);
    const { texts, errors, distinct, verify } = JSON.parse(printed) as Record<string, any>;
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `from ${i}`));
    expect(errors).toEqual(Array(20).fill('ERR_USE_AFTER_FREE'));
    expect(distinct).toBe(20);
    expect(verify).toMatchObject({ ok: true, problems: [] });
  });

  test('the addon file loaded twice in one thread makes two environments that both work', () => {
    const printed = runNode([
      '-e',
      `
      const load = () => { const m = { exports: {} }; process.dlopen(m, ${addon}); return m.exports; };
      const [a, b] = [load(), load()];
      const id = a.stringNew('x');
      console.log(JSON.stringify({ text: b.stringGet(id), environments: a.stats().environments,
        distinct: a.REF !== b.REF }));`,
    ]);
    expect(JSON.parse(printed)).toEqual({ text: 'x', environments: 2, distinct: true });
  });

  test('values of another context are stored as those of this one', () => {
    const result = inChild(
      ({ MapRef, VectorRef, BufferRef, share }, vmName) => {
        const vm = require(vmName) as typeof import('node:vm'); // eslint-disable-line
        const foreign = vm.runInNewContext(`({
          object: { a: [1, { b: 2 }] }, map: new Map([[1, 'x']]), list: [1, 2],
          bytes: Uint8Array.of(1, 2), date: new Date(), none: Object.create(null),
        })`) as Record<string, any>;
        let refusal = '';
        try {
          share({ date: foreign.date as unknown });
        } catch (error) {
          refusal = (error as Error).message;
        }
        return [
          share(foreign.object as object).obtainValue(),
          [...MapRef.from(foreign.map as Map<number, string>)],
          [...VectorRef.from(foreign.list as number[])],
          BufferRef.from(foreign.bytes as Uint8Array).toJSON(),
          share(foreign.none as object).obtainValue(),
          refusal,
        ];
      },
      ['node:vm'],
    );
    expect(result.slice(0, 5)).toEqual([{ a: [1, { b: 2 }] }, [[1, 'x']], [1, 2], [1, 2], {}]);
    expect(result[5]).toMatch(/getTime/);
  });
});

describe('configure', () => {
  const MiB = 2 ** 20;

  test('reserve and limit are what stats says', () => {
    const result = inChild(
      ({ configure, heap }, options) => {
        configure(options);
        const { reserved, limit } = heap.stats();
        return { reserved, limit };
      },
      [{ reserve: 64 * MiB, limit: 32 * MiB }],
    );
    expect(result).toEqual({ reserved: 64 * MiB, limit: 32 * MiB });
  });

  test('before first use it may be called again, the last call counts', () => {
    const result = inChild(({ configure, heap }) => {
      configure({ limit: 1000 });
      configure({});
      configure({ limit: 5_000_000 });
      return heap.stats().limit;
    }, []);
    expect(result).toBe(5_000_000);
  });

  test.each([
    ['an object', (heap: any) => heap.StringRef.from('x')],
    ['stats', (heap: any) => heap.heap.stats()],
    ['names', (heap: any) => heap.names.keys()],
    ['a shape', (heap: any) => new heap.StructFactory({ a: 'any' })],
    ['configure and an object', (heap: any) => (heap.configure({}), new heap.MapRef())],
  ])('after %s it is too late', (_, use) => {
    const outcome = outcomeInChild(
      (heap, source) => {
        (0, eval)(source)(heap);
        heap.configure({ limit: 2 ** 24 });
      },
      [`(${use.toString()})`],
    );
    expect(outcome.error).toMatchObject({
      name: 'SharedHeapError',
      code: 'ERR_ALREADY_CONFIGURED',
    });
  });

  test('typeOf, failing constructors and imports are no use of the heap', () => {
    const result = inChild(({ typeOf, StringRef, configure }) => {
      const type = typeOf(5);
      try {
        StringRef.from(1 as any);
      } catch {
        // expected
      }
      try {
        configure({ limit: -1 });
      } catch {
        // expected
      }
      return String(type);
    }, []);
    expect(result).toBe('undefined');
  });

  test('bad options are refused, and the heap can still be configured', () => {
    const result = inChild(({ configure, heap }) => {
      const options: any[] = [
        undefined,
        null,
        [],
        5,
        'x',
        () => 1,
        new Map(),
        { limits: 1 },
        { limit: '1G' },
        { reserve: null },
        { limit: 1n },
        { limit: {} },
        { limit: 0 },
        { limit: -5 },
        { limit: 1.5 },
        { limit: NaN },
        { limit: Infinity },
        { reserve: 4096 },
        { reserve: 2 ** 50 },
        { limit: 2 ** 52 },
        { reserve: 2 ** 53 },
        { limit: 2 ** 24, reserve: -1 },
      ];
      const codes = options.map((each) => {
        try {
          configure(each);
          return 'nothing thrown';
        } catch (error) {
          return `${(error as Error).name} ${String((error as any).code)}`;
        }
      });
      configure({ limit: 2 ** 25 });
      return { codes, limit: heap.stats().limit };
    }, []);
    expect(result.codes.slice(0, 12)).toEqual(Array(12).fill('TypeError ERR_INVALID_ARG_TYPE'));
    expect(result.codes.slice(12)).toEqual(Array(10).fill('RangeError ERR_OUT_OF_RANGE'));
    expect(result.limit).toBe(2 ** 25);
  });
});

describe('SHARED_HEAP_RESERVE', () => {
  const reserved = (value: string): unknown => {
    const env = { SHARED_HEAP_RESERVE: value };
    const { result, error } = outcomeInChild(({ heap }) => heap.stats().reserved, [], { env });
    return error ?? result;
  };

  test.each([
    ['1G', 2 ** 30],
    ['64M', 2 ** 26],
    ['65536k', 2 ** 26],
    [String(2 ** 27), 2 ** 27],
    ['16m', 2 ** 24],
  ])('%s', (value, bytes) => {
    expect(reserved(value)).toBe(bytes);
  });

  test('empty is as if it were not there', () => {
    expect(reserved('')).toBeGreaterThanOrEqual(2 ** 24);
  });

  test.each(['1', 'x', '-1G', '1.5G', '1T', '1GB', ' 1G', '99999999G', '0', '4G '])(
    'refuses %p, naming the variable',
    (value) => {
      const error = reserved(value) as { code: string; message: string };
      expect(error.code).toBe('ERR_OUT_OF_RANGE');
      expect(error.message).toContain('SHARED_HEAP_RESERVE');
    },
  );

  test('configure goes before it', () => {
    const result = inChild(
      ({ configure, heap }) => {
        configure({ reserve: 2 ** 25 });
        return heap.stats().reserved;
      },
      [],
      { env: { SHARED_HEAP_RESERVE: 'nonsense' } },
    );
    expect(result).toBe(2 ** 25);
  });

  test('an address space limit halves the default', () => {
    const source = `console.log(require(${JSON.stringify(commonJsFile)}).heap.stats().reserved)`;
    const { execFileSync } =
      jest.requireActual<typeof import('node:child_process')>('node:child_process');
    const printed = execFileSync('sh', [
      '-c',
      'ulimit -v 33554432; exec "$0" -e "$1"',
      process.execPath,
      source,
    ]);
    const bytes = Number(printed.toString());
    expect(bytes).toBeGreaterThanOrEqual(2 ** 24);
    expect(bytes).toBeLessThanOrEqual(2 ** 33);
  });
});
