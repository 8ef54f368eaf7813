import { formatDate } from './dates.js';
import type { Column } from './table.js';

/** A cell as JSON has it: a number, text, true or false, a date as text; null when it is missing. */
export type CellValue = number | string | boolean | null;

/** The cell of a row, as a request to the server would give it. */
export function cellValue(column: Column, row: number): CellValue {
  if (column.type === 'category') return column.codes[row] < 0 ? null : column.categories[column.codes[row]];
  const value = column.values[row];
  if (Number.isNaN(value)) return null;
  if (column.type === 'boolean') return value === 1;
  return column.type === 'date' ? formatDate(value) : value;
}
