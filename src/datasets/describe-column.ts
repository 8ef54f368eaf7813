import type { ColumnSchema } from './schema.js';
import type { Column } from './table.js';

/** Longer lists of categories are left out of a schema. */
const CATEGORIES_LISTED = 100;

/** Whole numbers over a range of this size are counted in a field of bits, which is quicker than a set. */
const BITMAP_RANGE = 1 << 22;

function countDistinct(values: Float64Array, min: number, max: number): number {
  if (!(max - min < BITMAP_RANGE)) return new Set(values.filter((value) => !Number.isNaN(value))).size;
  const seen = new Uint8Array(max - min + 1);
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (!Number.isInteger(value)) return new Set(values.filter((other) => !Number.isNaN(other))).size;
    if (seen[value - min] === 0) count++;
    seen[value - min] = 1;
  }
  return count;
}

function describeNumbers(values: Float64Array): Pick<ColumnSchema, 'missing' | 'distinct' | 'min' | 'max'> {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let missing = 0;
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (missing === values.length) return { missing, distinct: 0 };
  return { missing, distinct: countDistinct(values, min, max), min, max };
}

function describeCategories(
  codes: Int32Array,
  categories: string[],
): Pick<ColumnSchema, 'missing' | 'distinct' | 'categories'> {
  const counts = new Int32Array(categories.length);
  let missing = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  const used = categories.filter((_, code) => counts[code] > 0);
  return {
    missing,
    distinct: used.length,
    ...(used.length <= CATEGORIES_LISTED ? { categories: used } : {}),
  };
}

/** What there is to know of one column; `note` says how its type was found. */
export function describeColumn(column: Column, note?: string): ColumnSchema {
  const facts =
    column.type === 'category'
      ? describeCategories(column.codes, column.categories)
      : describeNumbers(column.values);
  const { name, type } = column;
  return { name, type, nullable: facts.missing > 0, ...facts, ...(note === undefined ? {} : { note }) };
}
