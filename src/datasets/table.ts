import { RiskopsError } from '../errors.js';
import { printable, suggestWord } from '../util/text.js';

/** `date` values are milliseconds since 1970-01-01 UTC; `boolean` values are 0 and 1. */
export type ColumnType = 'number' | 'integer' | 'boolean' | 'date' | 'category';

export interface NumericColumn {
  name: string;
  type: Exclude<ColumnType, 'category'>;
  /** One value a row; NaN is a missing value. */
  values: Float64Array;
}

export interface CategoryColumn {
  name: string;
  type: 'category';
  /** One index into `categories` a row; -1 is a missing value. */
  codes: Int32Array;
  categories: string[];
}

export type Column = NumericColumn | CategoryColumn;

/** A columnar table: every column has `rowCount` values. */
export interface Table {
  rowCount: number;
  columns: Column[];
}

/** The column of this name; COLUMN_NOT_FOUND with the nearest name when the table has none. */
export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw columnNotFound(
    name,
    table.columns.map((candidate) => candidate.name),
  );
}

/** COLUMN_NOT_FOUND with the nearest of the names that there are; `fix` where it was no target that was named. */
export function columnNotFound(name: string, names: readonly string[], fix?: string): RiskopsError {
  return new RiskopsError('COLUMN_NOT_FOUND', {
    what: `The data has no column "${printable(name)}".`,
    why: printable(suggestWord(name, names), 400),
    fix,
    details: { column: name, columns: names },
  });
}

/** A table of the given rows, in the given order. */
export function takeRows(table: Table, rows: ArrayLike<number>): Table {
  const columns = table.columns.map((column): Column => {
    if (column.type === 'category') {
      const codes = new Int32Array(rows.length);
      for (let i = 0; i < rows.length; i++) codes[i] = column.codes[rows[i]];
      return { ...column, codes };
    }
    const values = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i]];
    return { ...column, values };
  });
  return { rowCount: rows.length, columns };
}

/** A part of a column: `column` has one value a row, or none at all when it is left out. */
export interface ColumnPart {
  column: Column | undefined;
  rowCount: number;
}

function joinCodes(parts: readonly ColumnPart[], codes: Int32Array): string[] {
  const columns = parts.map(({ column }) => (column?.type === 'category' ? column : undefined));
  const categories = [...new Set(columns.flatMap((column) => column?.categories ?? []))].sort();
  const rank = new Map(categories.map((category, code) => [category, code]));
  let at = 0;
  for (const [i, column] of columns.entries()) {
    const ranks = column?.categories.map((category) => rank.get(category)!);
    if (ranks === undefined) codes.fill(-1, at, at + parts[i].rowCount);
    else
      column?.codes.forEach((code, row) => {
        codes[at + row] = code < 0 ? -1 : ranks[code];
      });
    at += parts[i].rowCount;
  }
  return categories;
}

/** The parts as one column of the given type; a part of another type has no values in it. */
export function joinColumns(name: string, type: ColumnType, parts: readonly ColumnPart[]): Column {
  const rowCount = parts.reduce((sum, part) => sum + part.rowCount, 0);
  if (type === 'category') {
    const codes = new Int32Array(rowCount);
    return { name, type, codes, categories: joinCodes(parts, codes) };
  }
  const values = new Float64Array(rowCount).fill(Number.NaN);
  let at = 0;
  for (const { column, rowCount: rows } of parts) {
    if (column !== undefined && column.type !== 'category') values.set(column.values, at);
    at += rows;
  }
  return { name, type, values };
}

/**
 * One table with the rows of `first` and then those of `second`, which must have the columns of `first` with the
 * same types (read it with `readOptionsOf(schema)` of the first); other columns of `second` are left out.
 */
export function appendRows(first: Table, second: Table): Table {
  const columns = first.columns.map((column): Column => {
    const other = columnOf(second, column.name);
    if (column.type !== other.type) {
      throw new RiskopsError('INPUT_INVALID', {
        what: `The column "${printable(column.name)}" is of type ${column.type} in one file and ${other.type} in the other.`,
        why: 'Rows of two files can only be joined when each column has one type.',
        fix: 'give the column the same type for both files in the schema',
      });
    }
    return joinColumns(column.name, column.type, [
      { column, rowCount: first.rowCount },
      { column: other, rowCount: second.rowCount },
    ]);
  });
  return { rowCount: first.rowCount + second.rowCount, columns };
}
