import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { foreignFix } from './foreign-texts.js';
import type { ColumnType } from './table.js';
import type { BadCell } from './text-column.js';

/** How many bad cells an error lists. */
const CELLS_LISTED = 20;

/** Where the rows of a table came from, for errors that name one. */
export interface RowPlaces {
  path: string;
  /** What a number of `numbersOf` counts. */
  unit: 'line' | 'row';
  /** The numbers, from 1, of rows in ascending order (0 is the first row of data). */
  numbersOf(rows: readonly number[]): number[];
}

/** The places of a source whose rows are counted from 1. */
export function countedRows(path: string): RowPlaces {
  return { path, unit: 'row', numbersOf: (rows) => rows.map((row) => row + 1) };
}

const EXPECTED: Record<ColumnType, string> = {
  number: 'a number such as 12, 1.5 or 2e3',
  integer: 'a whole number below 2^53',
  boolean: 'true or false',
  date: 'a date such as 2026-01-31 or 2026-01-31 14:05',
  category: 'text',
};

/** A missing value in a column that the schema says has none. */
export function missingCells(places: RowPlaces, name: string, row: number): RiskopsError {
  const [number] = places.numbersOf([row]);
  return new RiskopsError('DATA_ROW_INVALID', {
    what: `${printable(places.path)}, ${places.unit} ${number}, column "${printable(name)}": the value is missing.`,
    why: 'The schema says that this column has no missing values.',
    fix: 'fill the cell, or set "nullable": true for the column in the schema',
    details: { [places.unit]: number, column: name },
  });
}

/** What helps where a cell is not of its column's type. What a model learned, a schema cannot change any more. */
function cellFix(
  { text, name, type }: BadCell & { name: string; type: ColumnType },
  isSettled: boolean,
): string {
  const rewritten = type === 'category' || type === 'boolean' ? undefined : foreignFix(text);
  const mend = rewritten === undefined ? 'mend the cell' : `mend the cell (${rewritten})`;
  const [shownText, shownName] = [JSON.stringify(printable(text, 60)), printable(name)];
  return isSettled
    ? `${mend}, or empty it if nobody knows the value: the model learned "${shownName}" as ${type}, and only a new training can change that`
    : `${mend}, add ${shownText} to the missing marks, or give "${shownName}" the type "category" in the schema`;
}

/** Cells that do not fit the type of their column; the first of them is named, more are in the details. */
export function badCells(
  places: RowPlaces,
  bad: readonly (BadCell & { name: string; type: ColumnType })[],
  isSettled: boolean,
): RiskopsError {
  const { path, unit } = places;
  const listed = [...bad].sort((a, b) => a.row - b.row).slice(0, CELLS_LISTED);
  const rows = [...new Set(listed.map((cell) => cell.row))];
  const numbers = new Map(places.numbersOf(rows).map((number, i) => [rows[i], number]));
  const [first] = listed;
  const others = bad.reduce((sum, cell) => sum + cell.count, 0) - 1;
  const text = JSON.stringify(printable(first.text, 60));
  const name = printable(first.name);
  const more = others > 0 ? `, as are ${others} more ${others === 1 ? 'cell' : 'cells'}` : '';
  const cells = listed.map((cell) => ({
    [unit]: numbers.get(cell.row),
    column: cell.name,
    value: cell.text,
    type: cell.type,
  }));
  return new RiskopsError('DATA_ROW_INVALID', {
    what: `${printable(path)}, ${unit} ${numbers.get(first.row)}, column "${name}": ${text} is not ${EXPECTED[first.type]}.`,
    why: `The column is of type ${first.type}, and the cell is neither that nor a missing mark${more}.`,
    fix: cellFix(first, isSettled),
    details: { cells, others },
  });
}
