// The classes of struct refs, whose source is written out for each shape (ts/struct-class.ts).
import { NumberRef, StructFactory, heap } from 'shared-heap';
import type { Heap } from './support';
import { blocked, checkHeap, expectSound, inChild, own } from './support';

checkHeap();

describe('classes of shapes', () => {
  const hostile = [
    '__proto__',
    'constructor',
    'prototype',
    'id',
    'drop',
    'obtainValue',
    'getKey',
    'toString',
    'toJSON',
    'length',
    'name',
    'this',
    'new',
    '',
    ' ',
    '"',
    "'",
    '`',
    '\\',
    '\\"',
    '"] = 0; throw 1; ["',
    "']() {} static { throw 1 } ['",
    '${1}',
    '*/',
    '//',
    '\n',
    '\r',
    '\u2028',
    '\u2029',
    '\0',
    '\ud800',
    '\ude00x',
    '#slot',
    '#window',
    '0',
    '1e3',
    '-1',
    '\u00e4\u20ac\ud83d\ude00',
  ];

  const check = ({ StructFactory, heap }: Heap, fields: string[]): string[] => {
    const wrong: string[] = [];
    const kinds = ['number', 'boolean', 'string', 'any'] as const;
    const values: Record<string, unknown[]> = {
      number: [1.5, -0, 7],
      boolean: [true, false],
      string: ['text', ''],
      any: [5n, null, 'x', 1],
    };
    for (const [i, field] of fields.entries()) {
      for (let kind = 0; kind < kinds.length; kind++) {
        const shape = Object.fromEntries(
          [fields[(i + 1) % fields.length]!, field, `other ${i}`].map((name, at) => [
            name,
            kinds[(kind + at) % kinds.length]!,
          ]),
        ) as any;
        Object.defineProperty(shape, '__proto__', { value: shape.__proto__, enumerable: false });
        const struct = new StructFactory(shape).new() as any;
        for (const name of Object.keys(shape)) {
          const member =
            name in Object.getPrototypeOf(Object.getPrototypeOf(struct)) || name === 'id';
          for (const value of values[shape[name]]!) {
            struct.setKey(name, value);
            if (!Object.is(struct.getKey(name), value)) wrong.push(`getKey ${name}`);
            if (member) continue;
            if (!Object.is(struct[name], value)) wrong.push(`get ${name}`);
            struct[name] = value;
            struct[name] = value;
            if (!Object.is(struct.getKey(name), value)) wrong.push(`set ${name}`);
          }
          if (
            member &&
            Object.hasOwn(Object.getPrototypeOf(struct), name) &&
            name !== 'constructor'
          ) {
            wrong.push(`accessor ${name}`);
          }
        }
        struct.drop();
      }
    }
    if (!heap.verify().ok) wrong.push('heap');
    return wrong;
  };

  test('have whatever names as fields', () => {
    expect(check({ StructFactory, heap } as Heap, hostile)).toEqual([]);
  });

  test('have them where code may not be made from strings, and all else works there', () => {
    const flags = ['--disallow-code-generation-from-strings'];
    expect(inChild(check, [hostile], { flags })).toEqual([]);
    const script = async (shared: Heap): Promise<unknown[]> => {
      const { MapRef, NumberRef, StringRef, StructFactory, VectorRef, heap } = shared;
      let made = true;
      try {
        globalThis.eval('');
      } catch {
        made = false;
      }
      const Shape = new StructFactory({ n: 'number', b: 'boolean', s: 'string', r: 'ref' });
      const struct = Shape.new({ n: 1, b: true, s: 'text' });
      const again = Shape.attach(struct.id);
      again.n = 2;
      again.b = false;
      await new Promise((resolve) => setImmediate(resolve));
      struct.s = 'other';
      const number = NumberRef.from(1);
      number.setValue(2);
      number.setValue(3);
      const vector = VectorRef.from([1, true, 'x']);
      const text = StringRef.from('text');
      const values = [
        made,
        struct.n,
        struct.b,
        again.s,
        struct.r,
        number.obtainValue(),
        vector.at(0),
        vector.at(0),
        vector.at(1),
        [...vector],
        text.obtainValue(),
        MapRef.from([[1, 2]]).size,
        Object.keys(Object.getPrototypeOf(struct) as object),
      ];
      struct.drop();
      let code = '';
      try {
        again.n = 5;
      } catch (error) {
        code = (error as any).code;
      }
      return [...values, code, heap.verify().ok];
    };
    const expected = [
      false,
      2,
      false,
      'other',
      null,
      3,
      1,
      1,
      true,
      [1, true, 'x'],
      'text',
      1,
      ['n', 'b', 's', 'r'],
      'ERR_USE_AFTER_FREE',
      true,
    ];
    expect(inChild(script, [], { flags })).toEqual(expected);
  });

  // A class that is taken from a ref may be called with whatever: it must reach no other memory.
  test('attach to no struct of another shape, whatever they are called with', () => {
    const Numbers = new StructFactory({ a: 'number', b: 'number', c: 'boolean', d: 'number' });
    const Texts = new StructFactory({ s: 'string' });
    const Small = new StructFactory({ x: 'number' });
    const Class = own(Numbers.new({ a: 1 })).constructor as any;
    const others = [
      own(Texts.new({ s: 'text' })),
      own(Small.new({ x: 5 })),
      own(Small.new({ x: 6 })),
    ];
    for (const isOnline of [false, true]) {
      for (const { id } of others) {
        blocked(() => new Class(id), 'ERR_TYPE_MISMATCH');
        for (const args of [
          [id, 1],
          [id, undefined],
          [{ id }, {}, 3],
          [id, { owning: true }],
        ]) {
          let ref: any;
          try {
            ref = new Class(...args);
          } catch (error) {
            expect((error as any).code).toBe('ERR_TYPE_MISMATCH');
            continue;
          }
          for (const field of ['a', 'b', 'c', 'd']) {
            if (isOnline) own(new NumberRef()).setValue(1);
            blocked(() => ref[field], 'ERR_TYPE_MISMATCH');
            blocked(() => (ref[field] = field === 'c' ? true : 0), 'ERR_TYPE_MISMATCH');
          }
        }
      }
    }
    expect(others.map((other: any) => other.s ?? other.x)).toEqual(['text', 5, 6]);
    expectSound();
  });

  test('a class whose parent was replaced reaches no other memory', () => {
    const Numbers = new StructFactory({ a: 'number', b: 'number' });
    const small = own(new StructFactory({ x: 'number' }).new({ x: 5 }));
    const struct = own(Numbers.new({ a: 1 }));
    const Class = struct.constructor as any;
    const parent = Object.getPrototypeOf(Class) as object;
    const fake = (id: unknown) =>
      function () {
        return Object.create(Class.prototype as object, { id: { value: id } }) as unknown;
      };
    try {
      for (const id of [
        small.id,
        struct.id + 2 ** 32,
        0,
        1,
        -1,
        2,
        NaN,
        1e9,
        2 ** 52 + struct.id,
        struct.id + 0.5,
      ]) {
        Object.setPrototypeOf(Class, fake(id));
        const forged = Object.setPrototypeOf({}, Class.prototype as object);
        let ref: any = forged;
        try {
          ref = new Class(id, 1);
        } catch {
          continue;
        }
        own(new NumberRef()).setValue(1);
        for (const use of [() => ref.a, () => (ref.b = 9)]) {
          try {
            use();
          } catch {
            // any error will do
          }
        }
      }
    } finally {
      Object.setPrototypeOf(Class, parent);
    }
    expect([small.x, struct.a]).toEqual([5, 1]);
    expectSound();
  });
});
