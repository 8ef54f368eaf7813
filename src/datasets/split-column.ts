import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { columnOf, type Table } from './table.js';

function unusable(name: string, why: string, fix: string): RiskopsError {
  return new RiskopsError('SPLIT_INVALID', {
    what: `The data cannot be split by the column "${printable(name)}".`,
    why,
    fix,
  });
}

/**
 * One number a row by which rows are ordered or held together: the value, or the category's index. SPLIT_INVALID
 * when one of `rows` has none, or when a time is asked for and the column holds none.
 */
export function splitKeys(table: Table, name: string, rows: Int32Array, use: 'time' | 'group'): Float64Array {
  const column = columnOf(table, name);
  if (use === 'time' && (column.type === 'category' || column.type === 'boolean')) {
    const why = `It is of type ${column.type}, and a time is a date (2026-01-31) or a number.`;
    throw unusable(name, why, 'choose a column of dates or numbers, or split by group');
  }
  const keys =
    column.type === 'category'
      ? Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code))
      : column.values;
  const missing = rows.reduce((count, row) => count + (Number.isNaN(keys[row]) ? 1 : 0), 0);
  if (missing === 0) return keys;
  throw unusable(name, `${missing} rows have no value there.`, 'fill the values, or choose another column');
}
