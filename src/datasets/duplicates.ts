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
  return hash ^ (hash >>> 13);
}

function sameRow(columns: readonly (Float64Array | Int32Array)[], a: number, b: number): boolean {
  return columns.every(
    (column) => column[a] === column[b] || (Number.isNaN(column[a]) && Number.isNaN(column[b])),
  );
}

/**
 * Of each test row 1 when it has an exact twin among the training rows in all the named columns, else 0: a row that a model may have
 * learned by heart. Missing values are equal to each other. Takes four to eight bytes a training row.
 */
export function twinsAcross(
  table: Table,
  names: readonly string[],
  train: Int32Array,
  test: Int32Array,
): Uint8Array {
  const columns = numbersOf(table, names);
  const bits = new Float64Array(1);
  const words = new Int32Array(bits.buffer);
  // Open addressing, at most half full: a slot holds a row's number and 1, or 0.
  const mask = 2 ** Math.ceil(Math.log2(2 * train.length + 2)) - 1;
  const slots = new Int32Array(mask + 1);
  const slotOf = (row: number): number => {
    let at = hashRow(columns, row, bits, words) & mask;
    while (slots[at] !== 0 && !sameRow(columns, slots[at] - 1, row)) at = (at + 1) & mask;
    return at;
  };
  for (const row of train) slots[slotOf(row)] = row + 1;
  return Uint8Array.from(test, (row) => (slots[slotOf(row)] === 0 ? 0 : 1));
}

/** How many test rows have a twin; see `twinsAcross`. */
export function duplicateRowsAcross(
  table: Table,
  names: readonly string[],
  train: Int32Array,
  test: Int32Array,
): number {
  return twinsAcross(table, names, train, test).reduce((count, isTwin) => count + isTwin, 0);
}
