import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { DEFAULT_MISSING_MARKS, type Marks, marksOf } from './cells.js';
import { readDataText } from './csv-bytes.js';
import { checkDelimiter, detectDelimiter, settleLineEnds } from './csv-dialect.js';
import { readHeader } from './csv-header.js';
import { type CsvText, forEachRecord, locateFault } from './csv-records.js';
import { badCells, missingCells, quoteFault, wrongLength } from './csv-row-errors.js';
import { describeColumn } from './describe-column.js';
import { type ColumnReader, columnReader, type FinishedColumn, mixedColumnReader } from './read-column.js';
import { COLUMN_TYPES, type ColumnRule, type TableSchema } from './schema.js';
import { columnNotFound, type Table } from './table.js';

export interface ReadOptions {
  /** What is known of columns, by name; the type of the others is inferred. */
  schema?: ReadonlyMap<string, ColumnRule> | Readonly<Record<string, ColumnRule>>;
  /** Text that stands for a missing value, besides the empty cell; `DEFAULT_MISSING_MARKS` when left out. */
  missing?: readonly string[];
  /** One character; found by itself when left out. */
  delimiter?: string;
  /** Limit on the file's size, unpacked. Default 500 million. */
  maxBytes?: number;
}

/** Which bytes a table came from. */
export interface DataSource {
  path: string;
  /** SHA-256 of the file's own bytes, compressed or not. */
  sha256: string;
  bytes: number;
  rowCount: number;
}

export interface ReadTable {
  table: Table;
  schema: TableSchema;
  source: DataSource;
}

function rulesOf(schema: ReadOptions['schema'], names: readonly string[]): ReadonlyMap<string, ColumnRule> {
  const rules =
    schema instanceof Map ? (schema as Map<string, ColumnRule>) : new Map(Object.entries(schema ?? {}));
  const known = new Set(names);
  for (const [name, { type }] of rules) {
    if (!known.has(name)) throw columnNotFound(name, names);
    if (type !== undefined && !COLUMN_TYPES.includes(type)) {
      throw new RiskopsError('SCHEMA_INVALID', {
        what: `The column "${printable(name)}" has the type ${JSON.stringify(type)}, which there is not.`,
        why: `Types are ${COLUMN_TYPES.join(', ')}.`,
      });
    }
  }
  return rules;
}

/** Hands each data row's fields to the readers; returns the number of rows. */
function readRows(csv: CsvText, readers: readonly (ColumnReader | undefined)[]): number {
  const width = csv.names.length;
  let rowCount = 0;
  const fault = forEachRecord(csv.text, csv.dialect, (fields, row) => {
    if (row === 0) return undefined;
    if (fields.length !== width) throw wrongLength(csv, row - 1, fields);
    for (let i = 0; i < width; i++) readers[i]?.add(fields[i]);
    rowCount = row;
    return undefined;
  });
  if (fault) throw quoteFault(csv, fault.kind, locateFault(csv.text, csv.dialect, fault));
  return rowCount;
}

/** The finished columns; those that began with numbers and went on otherwise are read a second time. */
function readColumns(csv: CsvText, marks: Marks, rules: ReadonlyMap<string, ColumnRule>) {
  const readers = csv.names.map((name) => columnReader(name, marks, rules.get(name)?.type));
  const rowCount = readRows(csv, readers);
  const finished: (FinishedColumn | undefined)[] = readers.map((reader) => reader.finish());
  if (finished.includes(undefined)) {
    const again = finished.map((column, i) => (column ? undefined : mixedColumnReader(csv.names[i], marks)));
    readRows(csv, again);
    for (const [i, reader] of again.entries()) finished[i] ??= reader?.finish();
  }
  return { rowCount, finished: finished as FinishedColumn[] };
}

function checkColumns(
  csv: CsvText,
  finished: readonly FinishedColumn[],
  rules: ReadonlyMap<string, ColumnRule>,
): void {
  const bad = finished.flatMap(({ column, bad }) =>
    bad.map((cell) => ({ ...cell, name: column.name, type: column.type })),
  );
  if (bad.length > 0) throw badCells(csv, bad);
  for (const { column } of finished) {
    if (rules.get(column.name)?.nullable !== false) continue;
    const row =
      column.type === 'category'
        ? column.codes.indexOf(-1)
        : column.values.findIndex((value) => Number.isNaN(value));
    if (row >= 0) throw missingCells(csv, column.name, row);
  }
}

/**
 * Reads a CSV or CSV.gz file (UTF-8, the first line names the columns) into a table, with its schema and where it came from.
 * Cells are read without blanks around them. Delimiter, line ends and types are found; `options` override them.
 *
 * Errors: DATA_FILE_NOT_FOUND; DATA_UNREADABLE when it is no CSV text or its header is unusable; DATA_ROW_INVALID
 * naming line, column and value of the first row that does not fit; COLUMN_NOT_FOUND, SCHEMA_INVALID and
 * OPTION_INVALID for options that do not.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<ReadTable> {
  const { missing = DEFAULT_MISSING_MARKS, maxBytes } = options;
  const data = await readDataText(path, maxBytes);
  const { text, lineEnd } = settleLineEnds(data.text);
  const delimiter =
    options.delimiter === undefined ? detectDelimiter(text, lineEnd) : checkDelimiter(options.delimiter);
  const dialect = { delimiter, lineEnd };
  const { names, notes } = readHeader(path, text, dialect);
  const csv: CsvText = { path, text, dialect, names };
  const rules = rulesOf(options.schema, names);

  const { rowCount, finished } = readColumns(csv, marksOf(missing), rules);
  if (rowCount === 0) {
    throw new RiskopsError('DATA_UNREADABLE', {
      what: `${printable(path)} has no rows.`,
      why: 'It has a header and nothing more.',
    });
  }
  checkColumns(csv, finished, rules);
  const columns = finished.map(({ column, note }, i) => describeColumn(column, note ?? notes.get(names[i])));
  return {
    table: { rowCount, columns: finished.map(({ column }) => column) },
    schema: { columns, missing: [...missing], delimiter },
    source: { path, sha256: data.sha256, bytes: data.bytes, rowCount },
  };
}
