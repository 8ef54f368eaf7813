import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { type CsvText, linesOfRows } from './csv-records.js';
import type { BadCell } from './read-column.js';
import type { ColumnType } from './table.js';

/** How many bad cells an error lists. */
const CELLS_LISTED = 20;

const EXPECTED: Record<ColumnType, string> = {
  number: 'a number such as 12, 1.5 or 2e3',
  integer: 'a whole number below 2^53',
  boolean: 'true or false',
  date: 'a date such as 2026-01-31 or 2026-01-31 14:05',
  category: 'text',
};

function lineOf(csv: CsvText, row: number): number {
  return linesOfRows(csv.text, csv.dialect, [row])[0];
}

function invalid(csv: CsvText, where: string, why: string, fix: string, details: unknown): RiskopsError {
  return new RiskopsError('DATA_ROW_INVALID', {
    what: `${printable(csv.path)}, ${where}`,
    why,
    fix,
    details,
  });
}

/** A row that has more or fewer fields than the header. */
export function wrongLength(csv: CsvText, row: number, fields: readonly string[]): RiskopsError {
  const line = lineOf(csv, row);
  const expected = csv.names.length;
  const why =
    fields.length < expected
      ? `Nothing is there for column ${fields.length + 1}, "${printable(csv.names[fields.length])}".`
      : `Field ${expected + 1} (${JSON.stringify(printable(fields[expected], 40))}) has no column.`;
  const fix = 'mend the line: a field that holds the delimiter needs double quotes around it';
  const what = `line ${line}: ${fields.length} fields, but the header names ${expected}.`;
  return invalid(csv, what, why, fix, { line, fields: fields.length, expected });
}

/** A quoted field that does not end, or goes on behind its closing quote. */
export function quoteFault(
  csv: CsvText,
  kind: 'unclosed' | 'misplaced',
  { line, column }: { line: number; column: number },
): RiskopsError {
  const name = csv.names[column] ?? `field ${column + 1}`;
  const why =
    kind === 'unclosed'
      ? 'The quote that opens the field is never closed.'
      : 'Behind the closing quote comes neither the delimiter nor the end of the line.';
  const fix = 'close the quote; a quote inside a quoted field is written twice ("")';
  const what = `line ${line}, column "${printable(name)}": the quoting is broken.`;
  return invalid(csv, what, why, fix, { line, column: name });
}

/** A missing value in a column that the schema says has none. */
export function missingCells(csv: CsvText, name: string, row: number): RiskopsError {
  const line = lineOf(csv, row);
  const what = `line ${line}, column "${printable(name)}": the value is missing.`;
  const fix = 'fill the cell, or set "nullable": true for the column in the schema';
  return invalid(csv, what, 'The schema says that this column has no missing values.', fix, {
    line,
    column: name,
  });
}

/** Cells that do not fit the type of their column; the first of them is named, more are in the details. */
export function badCells(
  csv: CsvText,
  bad: readonly (BadCell & { name: string; type: ColumnType })[],
): RiskopsError {
  const listed = [...bad].sort((a, b) => a.row - b.row).slice(0, CELLS_LISTED);
  const rows = [...new Set(listed.map((cell) => cell.row))];
  const lines = new Map(linesOfRows(csv.text, csv.dialect, rows).map((line, i) => [rows[i], line]));
  const [first] = listed;
  const others = bad.reduce((sum, cell) => sum + cell.count, 0) - 1;
  const text = JSON.stringify(printable(first.text, 60));
  const name = printable(first.name);
  const what = `line ${lines.get(first.row)}, column "${name}": ${text} is not ${EXPECTED[first.type]}.`;
  const more = others > 0 ? `, as are ${others} more ${others === 1 ? 'cell' : 'cells'}` : '';
  const why = `The column is of type ${first.type}, and the cell is neither that nor a missing mark${more}.`;
  const fix = `mend the cell, add ${text} to the missing marks, or give "${name}" the type "category" in the schema`;
  const details = listed.map((cell) => ({
    line: lines.get(cell.row),
    column: cell.name,
    value: cell.text,
    type: cell.type,
  }));
  return invalid(csv, what, why, fix, { cells: details, others });
}
