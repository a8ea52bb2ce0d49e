// import and require share one copy of the classes, whichever comes first.
import { pathToFileURL } from 'node:url';
import { commonJsFile, esmFile, runNode } from './support';

const esm = JSON.stringify(pathToFileURL(esmFile).href);
const commonJs = JSON.stringify(commonJsFile);

function runModule(source: string): unknown {
  return JSON.parse(runNode(['--input-type=module', '-e', source]));
}

const compare = `
  const ofNode = ['default', 'module.exports', '__esModule'];
  const names = Object.keys(required).sort();
  const values = new required.MapRef().set('k', required.StringRef.from('x').move());
  console.log(JSON.stringify({
    same: names.filter((name) => required[name] === imported[name]),
    names,
    importedNames: Object.keys(imported).filter((name) => !ofNode.includes(name)).sort(),
    text: new imported.MapRef(values.id).get('k').obtainValue(),
    isInstance: new imported.MapRef(values.id).get('k') instanceof required.StringRef,
  }));`;

test.each([
  ['import first', `const imported = await import(${esm}); const required = require(${commonJs});`],
  [
    'require first',
    `const required = require(${commonJs}); const imported = await import(${esm});`,
  ],
  [
    'import of the CommonJS file',
    `const imported = await import(${commonJs}); const required = require(${commonJs});`,
  ],
])('%s', (_, load) => {
  const result = runModule(`
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    ${load}
    ${compare}`) as Record<string, string[]>;
  expect(result.names!.length).toBeGreaterThan(10);
  expect(result.same).toEqual(result.names);
  expect(result.importedNames).toEqual(result.names);
  expect(result.text).toBe('x');
  expect(result.isInstance).toBe(true);
});

test('names can be imported by name', () => {
  const result = runModule(`
    import { BufferRef, MapRef, NumberRef, QueueRef, Ref, SharedHeapError, StringRef,
      StructDefinition, StructFactory, StructRef, VectorRef, configure, heap, names, refFromId, share, typeOf,
    } from ${esm};
    const Foo = new StructDefinition({ key: 'string' });
    console.log(JSON.stringify([BufferRef, MapRef, NumberRef, QueueRef, Ref, SharedHeapError, StringRef,
      StructFactory, StructRef, VectorRef, configure, heap, names, refFromId, share, typeOf,
    ].map((value) => typeof value).concat(Foo.new({ key: 'foo' }).getKey('key'))));`);
  expect(result).toEqual([
    ...Array<string>(11).fill('function'),
    'object',
    'object',
    'function',
    'function',
    'function',
    'foo',
  ]);
});

test('two copies of the package in one process use one heap and know each other', () => {
  const result = JSON.parse(
    runNode([
      '-e',
      `
      const first = require(${commonJs});
      for (const file of Object.keys(require.cache)) if (file.endsWith('.js')) delete require.cache[file];
      const second = require(${commonJs});
      const text = second.StringRef.from('from the second');
      const map = new first.MapRef().set('k', text);
      const moved = second.StringRef.from('moved').move();
      map.set('m', moved);
      let error;
      try { moved.obtainValue(); } catch (e) { error = e.code; }
      console.log(JSON.stringify({
        areDistinct: first.StringRef !== second.StringRef,
        text: new second.MapRef(map.id).get('k').obtainValue(),
        isFirst: map.get('k') instanceof first.StringRef,
        error,
        isDeadKnown: (() => { map.drop(); try { map.size; } catch (e) { return e.code; } })(),
      }));`,
    ]),
  ) as unknown;
  expect(result).toEqual({
    areDistinct: true,
    text: 'from the second',
    isFirst: true,
    error: 'ERR_USE_AFTER_FREE',
    isDeadKnown: 'ERR_USE_AFTER_FREE',
  });
});

test('the installed layout resolves by package name', () => {
  // From within the package itself, through package.json's exports.
  const result = runModule(`
    import { createRequire } from 'node:module';
    const require = createRequire(${JSON.stringify(commonJsFile)});
    const required = require('shared-heap');
    const imported = await import(${esm});
    ${compare}`) as Record<string, string[]>;
  expect(result.same).toEqual(result.names);
});
