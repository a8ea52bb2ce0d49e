import type { IdLike } from './ids';
import { openNamed } from './names';
import { native } from './native';
import type { RefArgs } from './ref';
import { Ref, acquire, adopt, idOf, newOwner } from './ref';
import { registerClass } from './registry';

const createEmpty = (): number => native.stringNew('');

/**
 * A shared text. A text never changes in place: `setValue` puts another in its stead, so readers see
 * the old one or the new one. Every JavaScript string is kept exactly, lone surrogates included.
 */
export class StringRef extends Ref<'StringRef'> {
  /**
   * Without argument a new empty string, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'StringRef'>) {
    super('StringRef', args, createEmpty);
  }

  /** A new string, owned by the ref. O(length). @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  static from(text: string): StringRef {
    return newOwner(StringRef, native.stringNew(text));
  }

  /** Takes over the claim that the sender of an id left behind. @throws `ERR_NO_CLAIM` */
  static adopt(id: IdLike<'StringRef'>): StringRef {
    return adopt(new StringRef(id));
  }

  /** Attaches with a claim of its own. */
  static acquire(id: IdLike<'StringRef'>): StringRef {
    return acquire(new StringRef(id));
  }

  /** The string of a name, made with this text if the name is free. The ref borrows. */
  static named(name: string, text = ''): StringRef {
    return openNamed(name, StringRef, () => StringRef.from(text));
  }

  /** In UTF-16 code units. O(1). */
  get length(): number {
    return native.stringLength(idOf(this));
  }

  /** The text, copied into this thread's heap. O(length). */
  obtainValue(): string {
    return native.stringGet(idOf(this));
  }

  /** Puts another text in place of the present one. @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  setValue(text: string): void {
    native.stringSet(idOf(this), text);
  }

  /** Puts `next` in place if the text is `expected`, in one step. Returns the text before. */
  compareExchange(expected: string, next: string): string {
    return native.stringCompareExchange(idOf(this), expected, next);
  }

  override toJSON(): string {
    return this.obtainValue();
  }
}

registerClass('StringRef', StringRef);
