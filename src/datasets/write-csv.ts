import Papa from 'papaparse';
import { writeFileDurably } from '../util/files.js';
import { formatDate } from './dates.js';
import type { Column, Table } from './table.js';

/** A text that a spreadsheet would run as a formula: `=`, `@`, a tab or a return first, or a sign before no number. */
const FORMULA = /^(?:[=@\t\r]|[+-](?![\d.]))/;

function textOf(column: Column): (row: number) => string {
  if (column.type === 'category')
    return (row) => (column.codes[row] < 0 ? '' : column.categories[column.codes[row]]);
  const { type, values } = column;
  return (row) => {
    const value = values[row];
    if (Number.isNaN(value)) return '';
    if (type === 'boolean') return String(value === 1);
    return type === 'date' ? formatDate(value) : String(value);
  };
}

/**
 * Writes a table as CSV (UTF-8, commas, CRLF as RFC 4180 has it), followed by the `added` columns, which take the place of columns of
 * the same name. Missing values are empty; text that a spreadsheet would run as a formula gets a `'` before it.
 */
export function writeTable(
  path: string,
  table: Table,
  added: ReadonlyMap<string, (row: number) => string>,
): void {
  const columns = [
    ...table.columns
      .filter(({ name }) => !added.has(name))
      .map((column) => ({ name: column.name, text: textOf(column) })),
    ...[...added].map(([name, text]) => ({ name, text })),
  ];
  const rows = Array.from({ length: table.rowCount }, (_, row) => columns.map(({ text }) => text(row)));
  const csv = Papa.unparse(
    { fields: columns.map(({ name }) => name), data: rows },
    { escapeFormulae: FORMULA },
  );
  writeFileDurably(path, `${csv}\r\n`);
}
