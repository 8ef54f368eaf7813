import { countDistinct } from './count-distinct.js';
import { DescribeKernel, type NumberFacts } from './describe-kernel.js';
import type { ColumnSchema } from './schema.js';
import type { Column } from './table.js';

/** Longer lists of categories are left out of a schema. */
const CATEGORIES_LISTED = 100;
/** Shorter columns are described before a kernel would be ready. */
const KERNEL_ROWS = 20_000;

/** The same facts without a kernel. */
export function measureNumbers(values: Float64Array): NumberFacts {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let missing = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value >= min && value <= max) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    if (Number.isNaN(value)) missing++;
  }
  return { min, max, missing, distinct: missing === values.length ? 0 : countDistinct(values, min, max) };
}

function describeNumbers(
  values: Float64Array,
  kernel: DescribeKernel | null,
): Pick<ColumnSchema, 'missing' | 'distinct' | 'min' | 'max'> {
  const { min, max, missing, distinct } = kernel?.describe(values) ?? measureNumbers(values);
  // -0 and 0 are one value: which of them came first is no fact.
  return missing === values.length
    ? { missing, distinct }
    : { missing, distinct, min: min + 0, max: max + 0 };
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

function describeWith(kernel: DescribeKernel | null, column: Column, note?: string): ColumnSchema {
  const facts =
    column.type === 'category'
      ? describeCategories(column.codes, column.categories)
      : describeNumbers(column.values, kernel);
  const { name, type } = column;
  return { name, type, nullable: facts.missing > 0, ...facts, ...(note === undefined ? {} : { note }) };
}

/** What there is to know of one column; `note` says how its type was found. */
export function describeColumn(column: Column, note?: string): ColumnSchema {
  return describeWith(null, column, note);
}

/** The same of many columns. Long ones are described by a kernel, several times as fast. */
export function describeColumns(
  columns: readonly { column: Column; note?: string }[],
  rowCount: number,
): ColumnSchema[] {
  const kernel = rowCount < KERNEL_ROWS ? null : DescribeKernel.create();
  return columns.map(({ column, note }) => describeWith(kernel, column, note));
}
