import { NumberRef, StringRef } from 'shared-heap';
import { blocked, checkHeap, counts, numbers, own, texts } from './support';

checkHeap();

describe('StringRef', () => {
  test('a new one is empty', () => {
    const text = own(new StringRef());
    expect(text.obtainValue()).toBe('');
    expect(text.length).toBe(0);
    expect(counts(text)).toEqual([1, 0]);
  });

  test('keeps every text exactly', () => {
    for (const text of texts) {
      const ref = own(StringRef.from(text));
      expect(ref.obtainValue() === text).toBe(true);
      expect(ref.length).toBe(text.length);
      expect(ref.toJSON() === text).toBe(true);
    }
  });

  test('setValue replaces any text by any other', () => {
    const ref = own(new StringRef());
    const other = own(new StringRef(ref.id));
    for (const from of texts) {
      for (const to of ['', 'short', 'fifteen letters', '\ud800', 'y'.repeat(70), from]) {
        ref.setValue(from);
        expect(ref.setValue(to)).toBeUndefined();
        expect(other.obtainValue() === to).toBe(true);
      }
    }
  });

  test('compareExchange returns the text before and exchanges only if it is the expected one', () => {
    const ref = own(StringRef.from('one'));
    expect(ref.compareExchange('one', 'two')).toBe('one');
    expect(ref.obtainValue()).toBe('two');
    expect(ref.compareExchange('one', 'three')).toBe('two');
    expect(ref.obtainValue()).toBe('two');
  });

  test('compareExchange compares texts of all kinds by their units', () => {
    const ref = own(new StringRef());
    for (const text of texts) {
      ref.setValue(text);
      expect(ref.compareExchange(`${text}!`, 'wrong') === text).toBe(true);
      expect(ref.compareExchange(text, 'right') === text).toBe(true);
      expect(ref.obtainValue()).toBe('right');
    }
  });

  test('from takes nothing but a string', () => {
    for (const bad of [undefined, null, 1, true, 1n, {}, [], Symbol('s'), new String('x')]) {
      blocked(() => StringRef.from(bad as any), 'ERR_INVALID_ARG_TYPE', /text must be a string/);
    }
  });
});

describe('NumberRef', () => {
  test('a new one is 0', () => {
    const number = own(new NumberRef());
    expect(number.obtainValue()).toBe(0);
    expect(counts(number)).toEqual([1, 0]);
  });

  test.each(numbers)('keeps %p exactly', (value) => {
    const ref = own(NumberRef.from(value));
    expect(ref.obtainValue()).toBe(value);
    expect(ref.toJSON()).toBe(value);
    ref.setValue(1);
    expect(ref.setValue(value)).toBeUndefined();
    expect(ref.obtainValue()).toBe(value);
  });

  test('add, sub and exchange return the number before', () => {
    const ref = own(NumberRef.from(10));
    expect(ref.add(5)).toBe(10);
    expect(ref.sub(0.5)).toBe(15);
    expect(ref.exchange(-0)).toBe(14.5);
    expect(ref.obtainValue()).toBe(-0);
    expect(ref.add(NaN)).toBe(-0);
    expect(ref.exchange(1)).toBeNaN();
  });

  test('arithmetic is that of JavaScript for every pair', () => {
    const ref = own(new NumberRef());
    for (const a of numbers) {
      for (const b of numbers) {
        ref.setValue(a);
        ref.add(b);
        expect(ref.obtainValue()).toBe(a + b);
        ref.setValue(a);
        ref.sub(b);
        expect(ref.obtainValue()).toBe(a - b);
      }
    }
  });

  test('compareExchange returns the number before and exchanges only if it is the expected one', () => {
    const ref = own(NumberRef.from(1));
    expect(ref.compareExchange(1, 2)).toBe(1);
    expect(ref.obtainValue()).toBe(2);
    expect(ref.compareExchange(1, 3)).toBe(2);
    expect(ref.obtainValue()).toBe(2);
  });

  test('compareExchange takes NaN for NaN and -0 for 0', () => {
    const ref = own(NumberRef.from(NaN));
    expect(ref.compareExchange(NaN, -0)).toBeNaN();
    expect(ref.obtainValue()).toBe(-0);
    expect(ref.compareExchange(0, 7)).toBe(-0);
    expect(ref.obtainValue()).toBe(7);
  });

  test('nothing is converted to a number', () => {
    const ref = own(NumberRef.from(3));
    for (const bad of [undefined, null, '1', true, 1n, {}, [], Symbol('s'), new Number(1)]) {
      const value = bad as any;
      blocked(() => NumberRef.from(value), 'ERR_INVALID_ARG_TYPE', /must be a number/);
      blocked(() => ref.setValue(value), 'ERR_INVALID_ARG_TYPE');
      blocked(() => ref.add(value), 'ERR_INVALID_ARG_TYPE');
      blocked(() => ref.sub(value), 'ERR_INVALID_ARG_TYPE');
      blocked(() => ref.exchange(value), 'ERR_INVALID_ARG_TYPE');
      blocked(() => ref.compareExchange(value, 1), 'ERR_INVALID_ARG_TYPE');
      blocked(() => ref.compareExchange(3, value), 'ERR_INVALID_ARG_TYPE');
    }
    expect(ref.obtainValue()).toBe(3);
  });
});

describe('refs of one object', () => {
  test('see the same value and are equal', () => {
    const first = own(StringRef.from('a'));
    const second = own(new StringRef(first.id));
    const third = own(new StringRef({ id: first.id }));
    second.setValue('b');
    expect(first.obtainValue()).toBe('b');
    expect(third.obtainValue()).toBe('b');
    expect(first.equals(second)).toBe(true);
    expect(first.equals(third.id)).toBe(true);
    expect(first.equals({ id: first.id })).toBe(true);
  });

  test('equals nothing else', () => {
    const first = own(StringRef.from('a'));
    const second = own(StringRef.from('a'));
    for (const other of [second, second.id, undefined, null, 'a', String(first.id), {}, [], true]) {
      expect(first.equals(other)).toBe(false);
    }
  });

  test('id is the only own property', () => {
    const ref = own(StringRef.from('a'));
    expect(Reflect.ownKeys(ref)).toEqual(['id']);
    // eslint-disable-next-line @typescript-eslint/no-misused-spread -- what it gives is the point
    expect({ ...ref }).toEqual({ id: ref.id });
    expect(Number.isSafeInteger(ref.id)).toBe(true);
  });
});
