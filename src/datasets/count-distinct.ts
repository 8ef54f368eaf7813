import { FIELD_RANGE } from './describe-kernel.js';

/** Values of one part, so that its table stays near the processor. */
const PART = 1 << 14;

/** How many parts (a power of two) the values are divided into. */
function partBits(count: number): number {
  return count <= 2 * PART ? 0 : Math.min(16, Math.ceil(Math.log2(count / PART)));
}

/** A hash of the bits of each value, one after the other: the upper bits tell the part, the lower ones the place in its table. */
function hashOf(low: number, high: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae35);
}

/** Brings the values into the order of their parts; returns them with the end of each part. Missing values are left out. */
function divide(values: Float64Array, bits: number): { sorted: Float64Array; ends: Int32Array } {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const shift = 32 - bits;
  const ends = new Int32Array(1 << bits);
  for (let i = 0; i < values.length; i++) ends[hashOf(words[2 * i], words[2 * i + 1]) >>> shift]++;
  for (let part = 0, sum = 0; part < ends.length; part++) {
    const count = ends[part];
    ends[part] = sum;
    sum += count;
  }
  const sorted = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++)
    sorted[ends[hashOf(words[2 * i], words[2 * i + 1]) >>> shift]++] = values[i];
  return { sorted, ends };
}

/** Counts the distinct values of parts by a table that is used for one after the other. */
function countParts(sorted: Float64Array, ends: ArrayLike<number>): number {
  const words = new Int32Array(sorted.buffer, sorted.byteOffset, sorted.length * 2);
  let largest = 0;
  for (let part = 0; part < ends.length; part++)
    largest = Math.max(largest, ends[part] - (part === 0 ? 0 : ends[part - 1]));
  const size = 1 << Math.ceil(Math.log2(2 * largest + 2));
  const mask = size - 1;
  // No value is NaN, so NaN is an empty place.
  const table = new Float64Array(size);
  let count = 0;
  let hasZero = 0;
  for (let part = 0, i = 0; part < ends.length; part++) {
    table.fill(Number.NaN);
    for (; i < ends[part]; i++) {
      const value = sorted[i];
      if (Number.isNaN(value)) continue;
      if (value === 0) {
        // 0 and -0 are one value with different bits.
        hasZero = 1;
        continue;
      }
      let place = hashOf(words[2 * i], words[2 * i + 1]) & mask;
      let held = table[place];
      while (held !== value && !Number.isNaN(held)) {
        place = (place + 1) & mask;
        held = table[place];
      }
      if (held === value) continue;
      table[place] = value;
      count++;
    }
  }
  return count + hasZero;
}

/** How many distinct whole numbers there are from `min` on; undefined when one is not whole. */
function countWhole(values: Float64Array, min: number, max: number): number | undefined {
  const seen = new Uint8Array(max - min + 1);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    if (value !== Math.floor(value)) return undefined;
    const place = value - min;
    if (seen[place] === 0) {
      seen[place] = 1;
      count++;
    }
  }
  return count;
}

/** How many distinct values there are between `min` and `max`, the missing ones not counted; 0 and -0 are one. */
export function countDistinct(values: Float64Array, min: number, max: number): number {
  if (Number.isInteger(min) && max - min < FIELD_RANGE) {
    const count = countWhole(values, min, max);
    if (count !== undefined) return count;
  }
  const bits = partBits(values.length);
  if (bits === 0) return countParts(values, [values.length]);
  const { sorted, ends } = divide(values, bits);
  return countParts(sorted, ends);
}
