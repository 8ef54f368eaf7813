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

/** COLUMN_NOT_FOUND with the nearest of the names that there are. */
export function columnNotFound(name: string, names: readonly string[]): RiskopsError {
  return new RiskopsError('COLUMN_NOT_FOUND', {
    what: `The data has no column "${printable(name)}".`,
    why: printable(suggestWord(name, names), 400),
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

function appendCodes(first: CategoryColumn, second: CategoryColumn): CategoryColumn {
  const categories = [...new Set([...first.categories, ...second.categories])].sort();
  const rank = new Map(categories.map((category, code) => [category, code]));
  const codes = [first, second].flatMap((column) =>
    Array.from(column.codes, (code) => (code < 0 ? -1 : rank.get(column.categories[code])!)),
  );
  return { name: first.name, type: 'category', codes: Int32Array.from(codes), categories };
}

/**
 * One table with the rows of `first` and then those of `second`, which must have the columns of `first` with the
 * same types (read it with `readOptionsOf(schema)` of the first); other columns of `second` are left out.
 */
export function appendRows(first: Table, second: Table): Table {
  const columns = first.columns.map((column): Column => {
    const other = columnOf(second, column.name);
    if (column.type === 'category' && other.type === 'category') return appendCodes(column, other);
    if (column.type === 'category' || other.type === 'category' || column.type !== other.type) {
      throw new RiskopsError('INPUT_INVALID', {
        what: `The column "${printable(column.name)}" is of type ${column.type} in one file and ${other.type} in the other.`,
        why: 'Rows of two files can only be joined when each column has one type.',
        fix: 'give the column the same type for both files in the schema',
      });
    }
    const values = new Float64Array(first.rowCount + second.rowCount);
    values.set(column.values);
    values.set(other.values, first.rowCount);
    return { ...column, values };
  });
  return { rowCount: first.rowCount + second.rowCount, columns };
}
