import type { Column } from './table.js';

/** The values of a column as numbers that sort as the values do: categories by their text. */
export function ranksOf(column: Column): Float64Array | Int32Array {
  if (column.type !== 'category') return column.values;
  const { categories, codes } = column;
  if (categories.every((category, i) => i === 0 || categories[i - 1] < category)) return codes;
  const order = categories.map((_, code) => code).sort((a, b) => (categories[a] < categories[b] ? -1 : 1));
  const rank = new Int32Array(categories.length);
  for (const [at, code] of order.entries()) rank[code] = at;
  return codes.map((code) => (code < 0 ? -1 : rank[code]));
}

/**
 * The rows in the order of the given columns, the first one first; rows that are equal in all of them keep their order.
 * No value may be missing.
 */
export function rowsInOrder(rowCount: number, columns: readonly Column[]): Int32Array {
  const ranks = columns.map(ranksOf);
  const rows = Int32Array.from({ length: rowCount }, (_, row) => row);
  return rows.sort((a, b) => {
    for (const rank of ranks) if (rank[a] !== rank[b]) return rank[a] - rank[b];
    return a - b;
  });
}

/** The first row in which the column has no value; -1 when it has one in each. */
export function firstMissing(column: Column): number {
  return column.type === 'category'
    ? column.codes.findIndex((code) => code < 0)
    : column.values.findIndex((value) => Number.isNaN(value));
}
