import { RiskopsError } from '../../errors.js';
import { nearestWord, printable, suggestWord } from '../../util/text.js';
import { formatDate } from '../dates.js';
import { firstMissing, ranksOf, rowsInOrder } from '../sort-rows.js';
import { type Column, columnOf, type NumericColumn, type Table, takeRows } from '../table.js';
import { Aggregates, aggregateType } from './aggregate.js';
import type { Pivot, Reshape } from './parse-reshape.js';

/** More columns than any model here can take. */
const MAX_NAMES = 10_000;

function refuse(what: string, why: string, fix?: string): RiskopsError {
  return new RiskopsError('RESHAPE_INVALID', { what, why, fix });
}

function wrongType(name: string, type: string, needed: string): RiskopsError {
  const what = `The column "${printable(name)}" cannot be reshaped as the rule says.`;
  return refuse(what, `It is of type ${type}, and ${needed}.`);
}

function checkPresent(column: Column): void {
  const row = firstMissing(column);
  if (row < 0) return;
  throw new RiskopsError('DATA_ROW_INVALID', {
    what: `Row ${row + 1} has no value in "${printable(column.name)}".`,
    why: 'The reshape rule tells rows and columns apart by it.',
    fix: 'fill the cell, or leave the row out',
  });
}

function floorTime(table: Table, name: string, every: number): Table {
  const columns = table.columns.map((column) =>
    column.name !== name || column.type === 'category'
      ? column
      : { ...column, values: column.values.map((value) => Math.floor(value / every) * every) },
  );
  return { ...table, columns };
}

/** The text that names a column, for each distinct value of the names' column. */
function textsOf(column: Column): (value: number) => string {
  if (column.type === 'category') return (code) => column.categories[code];
  if (column.type === 'date') return formatDate;
  return column.type === 'boolean' ? (value) => (value === 1 ? 'true' : 'false') : String;
}

/** The new columns' names, and for each row of the table which of them it fills. */
function readNames(table: Table, pivot: Pivot): { names: string[]; places: Int32Array } {
  const column = columnOf(table, pivot.names);
  checkPresent(column);
  const cells = column.type === 'category' ? column.codes : column.values;
  const textOf = textsOf(column);
  const found = new Map<number, string>();
  for (const cell of cells) if (!found.has(cell)) found.set(cell, textOf(cell));
  if (pivot.expect === undefined && found.size > MAX_NAMES) {
    throw refuse(
      `The column "${printable(pivot.names)}" would become ${found.size} columns.`,
      `The limit is ${MAX_NAMES}; perhaps it is not the column of names.`,
    );
  }
  const names = pivot.expect ?? [...found.values()].sort();
  const placeOf = new Map(names.map((name, i) => [name, i]));
  for (const text of found.values()) if (!placeOf.has(text)) throw unknownName(pivot, text);
  const placeOfCell = new Map([...found].map(([cell, text]) => [cell, placeOf.get(text)!]));
  return { names, places: Int32Array.from(cells, (cell) => placeOfCell.get(cell)!) };
}

function unknownName({ names, expect = [] }: Pivot, text: string): RiskopsError {
  const near = nearestWord(text, expect);
  const fix = near === undefined ? 'add the name to "expect", or leave its rows out' : undefined;
  return new RiskopsError('RESHAPE_INVALID', {
    what: `The column "${printable(names)}" holds the name "${printable(text)}", which the rule does not expect.`,
    why: printable(suggestWord(text, expect), 400),
    fix: fix ?? `mend the data, or write "${printable(text)}" in "expect"`,
    details: { column: names, name: text, expect },
  });
}

/** Which new row each row goes to, and the first row of each, in the order of the index columns. */
function readIndex(table: Table, index: readonly Column[]): { target: Int32Array; firsts: number[] } {
  const order = rowsInOrder(table.rowCount, index);
  const ranks = index.map(ranksOf);
  const target = new Int32Array(table.rowCount);
  const firsts: number[] = [];
  let before = -1;
  for (const row of order) {
    if (before < 0 || ranks.some((rank) => rank[row] !== rank[before])) firsts.push(row);
    target[row] = firsts.length - 1;
    before = row;
  }
  return { target, firsts };
}

function pivotTable(table: Table, pivot: Pivot, times: Float64Array | undefined): Table {
  const index = pivot.index.map((name) => columnOf(table, name));
  const values = columnOf(table, pivot.values);
  if (values.type === 'category' || values.type === 'date')
    throw wrongType(values.name, values.type, 'the values of a pivot are numbers');
  for (const column of index) checkPresent(column);
  const { names, places } = readNames(table, pivot);
  const taken = names.find((name) => pivot.index.includes(name));
  if (taken !== undefined)
    throw refuse(
      `The pivot would make a second column "${printable(taken)}".`,
      `"${printable(taken)}" is a name in "${printable(pivot.names)}" and a column of the index.`,
    );
  const { target, firsts } = readIndex(table, index);
  const rowCount = firsts.length;
  const cells = new Aggregates(rowCount * names.length, pivot.aggregate);
  for (let row = 0; row < table.rowCount; row++)
    cells.add(places[row] * rowCount + target[row], values.values[row], times?.[row] ?? row);
  const results = cells.finish();
  const type = aggregateType(pivot.aggregate, values.type);
  const made = names.map(
    (name, i): NumericColumn => ({ name, type, values: results.slice(i * rowCount, (i + 1) * rowCount) }),
  );
  return { rowCount, columns: [...takeRows({ rowCount, columns: index }, firsts).columns, ...made] };
}

/**
 * The table as the rule makes it of what was read. A pivot gives a row for each combination of the index columns, in their
 * order, and a column for each name; columns that are neither are left out. A place without a number is missing, several
 * numbers are aggregated (`last`: the one with the greatest time before flooring, else the last row).
 *
 * Errors: COLUMN_NOT_FOUND; RESHAPE_INVALID for a name that is not expected or a column of the wrong type; DATA_ROW_INVALID
 * for a row without a time, an index or a name.
 */
export function reshapeTable(table: Table, { every, time, pivot }: Reshape): Table {
  const column = time === undefined ? undefined : columnOf(table, time);
  if (column !== undefined && every !== undefined && column.type !== 'date')
    throw wrongType(column.name, column.type, 'only a date can be floored');
  if (column !== undefined) checkPresent(column);
  const times = column !== undefined && column.type !== 'category' ? column.values : undefined;
  const floored = every === undefined || time === undefined ? table : floorTime(table, time, every);
  return pivot === undefined ? floored : pivotTable(floored, pivot, times);
}
