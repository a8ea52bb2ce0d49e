import type { IdLike } from './ids';
import { inspectValue, showBy } from './inspect';
import { openNamed } from './names';
import { native } from './native';
import { isObject } from './plain';
import type { RefArgs } from './ref';
import { FORGET, Ref, acquire, adopt, idOf, newOwner, notThisClass } from './ref';
import { registerClass } from './registry';
import { NEVER, UNSTABLE, isVersion, placeOf, stayOnline, versionAt, wordOf } from './view';

const createEmpty = (): number => native.stringNew('');

/**
 * A shared text. A text never changes in place: `setValue` puts another in its stead, so readers see
 * the old one or the new one. Every JavaScript string is kept exactly, lone surrogates included.
 */
export class StringRef extends Ref<'StringRef'> {
  /** See NumberRef. */
  readonly #slot: number;
  #word: number;
  /** What was read at version `#version`. */
  #text = '';
  #version = UNSTABLE;

  /**
   * Without argument a new empty string, owned by this ref; with an id a ref that borrows.
   * @throws `ERR_INVALID_ID`, `ERR_USE_AFTER_FREE`, `ERR_TYPE_MISMATCH`
   */
  constructor(...args: RefArgs<'StringRef'>) {
    super('StringRef', args, createEmpty);
    this.#slot = placeOf(this.id);
    this.#word = wordOf(this.id, native.types.StringRef);
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

  /**
   * The text. A long one is no copy but a string over the shared text itself, which stays as it is
   * for as long as the string is used. The ref keeps the string and returns it again, until it finds
   * that the text has changed or is dropped. O(1), O(length) for the copy of a short text.
   */
  obtainValue(): string {
    if (!isObject(this) || !(#slot in this)) throw notThisClass(this);
    const slot = this.#slot;
    const word = this.#word;
    if (isVersion(slot, word, this.#version)) return this.#text;
    this.#forgetText(); // also if there is no text any more
    stayOnline();
    const version = versionAt(slot, word);
    const text = native.stringGet(idOf(this));
    // Of this version only if it was so before and after.
    if (version !== UNSTABLE && versionAt(slot, word) === version) {
      this.#text = text;
      this.#version = version;
    }
    return text;
  }

  /** Puts another text in place of the present one. @throws `ERR_INVALID_ARG_TYPE`, `ERR_HEAP_FULL` */
  setValue(text: string): void {
    native.stringSet(idOf(this), text);
    this.#forgetText();
  }

  /** Puts `next` in place if the text is `expected`, in one step. Returns the text before. */
  compareExchange(expected: string, next: string): string {
    const before = native.stringCompareExchange(idOf(this), expected, next);
    this.#forgetText();
    return before;
  }

  #forgetText(): void {
    this.#text = '';
    this.#version = UNSTABLE;
  }

  override [FORGET](): void {
    this.#word = NEVER;
    this.#forgetText();
  }

  override toJSON(): string {
    idOf(this); // throws what obtainValue() could not if there is no `this`
    return this.obtainValue();
  }
}

registerClass('StringRef', StringRef);
showBy(StringRef, inspectValue);
