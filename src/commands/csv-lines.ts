import { csvCell } from '../datasets/csv-cell.js';

/**
 * Rows as CSV (RFC 4180 with plain line ends). Null is empty. Text that a spreadsheet would run as a formula gets a `'` before
 * it; numbers, also those that are text, stay as they are.
 */
export function csvLines(
  columns: readonly string[],
  rows: readonly (readonly (string | number | bigint | null)[])[],
): string[] {
  return [columns, ...rows].map((row) => row.map(csvCell).join(','));
}
