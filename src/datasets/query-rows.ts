import { createHash } from 'node:crypto';
import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { checkColumns, noRows, tableOfColumns } from './finish-table.js';
import { checkRules, type ReadContext, type ReadResult } from './read-options.js';
import { countedRows } from './row-errors.js';
import { ValueReader } from './value-column.js';

/** A value that a database gave. A number is one with a fraction by its type; whole numbers are bigints. */
export type QueryValue = number | bigint | boolean | string | Date | null;

/** All rows are held to be sorted: more than this would not fit beside the table. */
const MAX_VALUES = 50_000_000;

function rankOf(value: QueryValue): number {
  if (value === null) return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return 1;
  if (typeof value === 'boolean') return 2;
  return value instanceof Date ? 3 : 4;
}

function compareValues(a: QueryValue, b: QueryValue): number {
  const byKind = rankOf(a) - rankOf(b);
  if (byKind !== 0 || a === null || b === null) return byKind;
  // NaN stands behind all numbers; without a place of its own it would leave the order open.
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareRows(a: readonly QueryValue[], b: readonly QueryValue[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareValues(a[i], b[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function addValue(reader: ValueReader, value: QueryValue): void {
  if (value === null) reader.addMissing();
  else if (typeof value === 'number') reader.addNumber(value, true);
  else if (typeof value === 'bigint') reader.addBigInt(value);
  else if (typeof value === 'boolean') reader.addBoolean(value);
  else if (value instanceof Date) reader.addDate(value.getTime());
  else reader.addText(value);
}

/**
 * The rows that a query gave. A database promises no order of its own, and ORDER BY leaves equal rows open, so the rows are sorted by
 * their columns, the first one first: the same rows are the same table, with the same SHA-256.
 */
export class QueryRows {
  private readonly rows: QueryValue[][] = [];

  constructor(
    /** The source as errors and records show it: it holds no password. */
    private readonly path: string,
    private readonly names: readonly string[],
  ) {
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined)
      throw queryRefused(
        path,
        `The query gives two columns "${printable(twice)}".`,
        'name one of them: AS OTHER_NAME',
      );
  }

  get count(): number {
    return this.rows.length;
  }

  add(row: QueryValue[]): void {
    if ((this.rows.length + 1) * this.names.length > MAX_VALUES)
      throw queryRefused(
        this.path,
        `The query gives more than ${MAX_VALUES} values.`,
        'ask for less, or write the rows to a CSV or Parquet file',
      );
    this.rows.push(row);
  }

  finish(context: ReadContext): ReadResult {
    const { rows, names, path } = this;
    checkRules(context, names);
    if (rows.length === 0) throw noRows(path, 'The query gives none.');
    rows.sort(compareRows);
    const hash = createHash('sha256');
    let bytes = 0;
    for (const row of [names, ...rows]) {
      const line = `${toJson(row)}\n`;
      hash.update(line);
      bytes += Buffer.byteLength(line);
    }
    const finished = names.map((name, i) => {
      const reader = new ValueReader(name, context.marks, context.rules.get(name)?.type);
      for (const row of rows) addValue(reader, row[i]);
      return reader.finish();
    });
    checkColumns(finished, context, countedRows(path));
    return { ...tableOfColumns(finished, rows.length), sha256: hash.digest('hex'), bytes };
  }
}

/** DATA_UNREADABLE for a query that cannot give a table. */
export function queryRefused(path: string, why: string, fix?: string, cause?: unknown): RiskopsError {
  return new RiskopsError('DATA_UNREADABLE', {
    what: `${printable(path)} cannot be read.`,
    why,
    fix: fix ?? 'mend the query behind the #',
    cause,
  });
}

/** The place of a source and its query; OPTION_INVALID, which shows neither, when there is no query. */
export function splitQuery(source: string, example: string): { place: string; query: string } {
  const at = source.indexOf('#');
  const query = at < 0 ? '' : source.slice(at + 1).trim();
  if (query !== '') return { place: source.slice(0, at), query };
  throw new RiskopsError('OPTION_INVALID', {
    what: 'The data source names a database, but no query.',
    why: 'What to read from it is written behind a #.',
    fix: example,
  });
}
