/** Whether a value is an object as a literal makes it, or one without prototype, of any realm. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Also for `this`, which is undefined in a method that was called without its object. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
