import { columnOf, type Table } from './table.js';

/** The columns' values as numbers: category codes stand for their categories inside one table. */
function numbersOf(table: Table, names: readonly string[]): (Float64Array | Int32Array)[] {
  return names.map((name) => {
    const column = columnOf(table, name);
    return column.type === 'category' ? column.codes : column.values;
  });
}

/** FNV-1a over the bits of a row's values; -0 counts as 0 and every NaN alike. */
function hashRow(
  columns: readonly (Float64Array | Int32Array)[],
  row: number,
  bits: Float64Array,
  words: Int32Array,
): number {
  let hash = 0x811c9dc5;
  for (const column of columns) {
    bits[0] = column[row] + 0;
    hash = Math.imul(hash ^ words[0], 0x01000193);
    hash = Math.imul(hash ^ words[1] ^ (hash >>> 15), 0x01000193);
  }
  return hash;
}

function sameRow(columns: readonly (Float64Array | Int32Array)[], a: number, b: number): boolean {
  return columns.every(
    (column) => column[a] === column[b] || (Number.isNaN(column[a]) && Number.isNaN(column[b])),
  );
}

/**
 * How many test rows have an exact twin among the training rows in all the named columns: rows that a model may
 * have learned by heart. Missing values are equal to each other.
 */
export function duplicateRowsAcross(
  table: Table,
  names: readonly string[],
  train: Int32Array,
  test: Int32Array,
): number {
  const columns = numbersOf(table, names);
  const bits = new Float64Array(1);
  const words = new Int32Array(bits.buffer);
  const seen = new Map<number, number[]>();
  for (const row of train) {
    const hash = hashRow(columns, row, bits, words);
    const rows = seen.get(hash);
    if (rows === undefined) seen.set(hash, [row]);
    else if (!rows.some((other) => sameRow(columns, other, row))) rows.push(row);
  }
  return test.reduce((count, row) => {
    const rows = seen.get(hashRow(columns, row, bits, words));
    return count + (rows?.some((other) => sameRow(columns, other, row)) ? 1 : 0);
  }, 0);
}
