import type { SpecialNumber } from './schema.js';

interface StoredNumber {
  value: number | null;
  special: SpecialNumber | null;
}

/**
 * A number as two columns. SQLite turns NaN into NULL and loses the sign of -0, and a JSON or text export of an
 * infinity is nobody's standard; `special` names these four, and `value` is then null or the nearest finite number,
 * so that sorting by it still puts infinities at the ends.
 */
export function encodeNumber(value: number): StoredNumber {
  if (Number.isNaN(value)) return { value: null, special: 'NaN' };
  if (value === Infinity) return { value: Number.MAX_VALUE, special: 'Infinity' };
  if (value === -Infinity) return { value: -Number.MAX_VALUE, special: '-Infinity' };
  if (Object.is(value, -0)) return { value: 0, special: '-0' };
  return { value, special: null };
}

/** The number that `encodeNumber` was given, bit for bit. */
export function decodeNumber({ value, special }: StoredNumber): number {
  if (special !== null) return Number(special);
  return value ?? Number.NaN;
}
