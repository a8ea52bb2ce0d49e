/** The prototype of all built-in iterators, with the helpers (`map`, `take`...) that this engine has. */
const IteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf([][Symbol.iterator]()),
) as object;

/** Makes objects of a class iterators as built-in ones are. */
export function iteratorPrototype(cls: { readonly prototype: object }, tag: string): void {
  Object.setPrototypeOf(cls.prototype, IteratorPrototype);
  Object.defineProperty(cls.prototype, Symbol.toStringTag, { value: tag, configurable: true });
}
