import { type CategoryColumn, type Column, columnOf } from '../../datasets/table.js';
import { printable } from '../../util/text.js';
import type { PreparedData } from '../prepare-data.js';
import type { LeakGuard } from './leak.js';

/** Fewer categories may have such means by chance. */
const LEAST_CATEGORIES = 3;

/** Of each category the mean target over the rows, held-out ones included. */
function meansOf(codes: Int32Array, count: number, y: Float64Array, rows: Iterable<number>): Float64Array {
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (const row of rows) {
    if (codes[row] < 0) continue;
    sums[codes[row]] += y[row];
    sizes[codes[row]]++;
  }
  return sums.map((sum, code) => sum / sizes[code]);
}

/** Whether the numbers of a column are these means, up to the digits that a file keeps. */
function holdsMeans(
  values: Float64Array,
  codes: Int32Array,
  means: Float64Array,
  rows: readonly number[],
): boolean {
  const scale = means.reduce(
    (most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))),
    0,
  );
  return rows.every((row) => codes[row] < 0 || Math.abs(values[row] - means[codes[row]]) <= 1e-4 * scale);
}

/**
 * A feature that was fitted on the held-out rows too: the mean target of a category over all rows, as an encoder leaves it when it is run
 * before the split. The mean over the training rows alone is honest, and is passed.
 */
export const findFittedOnAll: LeakGuard = ({ table, features, target, parts }: PreparedData) => {
  const all = [...parts.train, ...parts.test];
  const isCategory = (column: Column): column is CategoryColumn =>
    column.type === 'category' && column.categories.length >= LEAST_CATEGORIES;
  const categories = table.columns.filter(isCategory);
  const numbers = features.map((name) => columnOf(table, name)).filter(({ type }) => type === 'number');
  return numbers.flatMap((column) => {
    if (column.type === 'category') return [];
    const from = categories.find(({ codes, categories: { length } }) =>
      holdsMeans(column.values, codes, meansOf(codes, length, target.y, all), all),
    );
    if (from === undefined) return [];
    return [
      {
        columns: [column.name, from.name],
        what: `The column "${printable(column.name, 60)}" is the mean of the target for each "${printable(from.name, 60)}", taken over the held-out rows too.`,
        why: 'Each held-out row has helped to make its own feature.',
        fix: `riskops train --drop "${printable(column.name, 60)}" with the step expanding-mean in --recipe`,
      },
    ];
  });
};
