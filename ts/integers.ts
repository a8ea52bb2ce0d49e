/** A number as Array.prototype methods take it: whole, 0 for what is none. */
export function toInteger(value: unknown): number {
  const number = Math.trunc(value as number);
  return Number.isNaN(number) ? 0 : number + 0; // + 0 turns -0 into 0
}

/** An index between 0 and `length` as Array.prototype methods take it: from the end if negative. */
export function toIndex(value: unknown, length: number, absent: number): number {
  if (value === undefined) return absent;
  const integer = toInteger(value);
  return integer < 0 ? Math.max(0, length + integer) : Math.min(integer, length);
}
