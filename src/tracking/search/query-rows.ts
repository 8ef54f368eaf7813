import type BetterSqlite3 from 'better-sqlite3';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';

/** What a cell holds: a whole number beyond 2^53 is a bigint; bytes are text such as `x'00ff'`. */
export type QueryCell = string | number | bigint | null;

export interface QueryResult {
  columns: string[];
  rows: QueryCell[][];
  /** Whether there were more rows than were asked for, or more than fit into the limit of bytes. */
  cut: boolean;
}

/** So much text is read from one query. */
const BYTES_LIMIT = 64 << 20;

/**
 * Runs one statement that reads. Four bars stand before anything else: it must begin with a word that reads, hold one
 * statement (better-sqlite3 refuses a second), be one that SQLite itself says changes nothing, and the connection is
 * open to read only, with `query_only` besides. The first is what keeps out ATTACH, VACUUM INTO and PRAGMA, which a connection
 * that only reads would allow to open or make other files.
 * @throws QUERY_INVALID
 */
export function readQueryRows(raw: BetterSqlite3.Database, sql: string, limit: number): QueryResult {
  refuseOtherWords(sql);
  const statement = prepared(raw, sql);
  if (!statement.reader || !statement.readonly) throw onlyReads('this statement would change the store');
  const names = statement.columns().map(({ name }) => name);
  const result: QueryResult = { columns: distinct(names), rows: [], cut: false };
  let bytes = 0;
  try {
    for (const row of statement.raw().safeIntegers().iterate() as Iterable<unknown[]>) {
      if (result.rows.length === limit || bytes > BYTES_LIMIT) {
        result.cut = true;
        break;
      }
      const cells = row.map(cellOf);
      for (const cell of cells) bytes += typeof cell === 'string' ? cell.length : 8;
      result.rows.push(cells);
    }
  } catch (error) {
    throw explain(error);
  }
  return result;
}

/** Blanks and comments as SQLite passes over them, then the first word or two. */
const BEGINNING =
  /^(?:[ \t\n\f\r]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:explain\s+(?:query\s+plan\s+)?)?(\w*)/i;
const READING = ['select', 'with', 'values'];

function refuseOtherWords(sql: string): void {
  if (sql.includes('\0')) throw onlyReads('it has a NUL character');
  const word = BEGINNING.exec(sql)?.[1] ?? '';
  if (READING.includes(word.toLowerCase())) return;
  throw onlyReads(
    word === ''
      ? 'it does not begin with SELECT, WITH or VALUES'
      : `it begins with ${printable(word, 40)}, not with SELECT, WITH or VALUES`,
  );
}

function prepared(raw: BetterSqlite3.Database, sql: string): BetterSqlite3.Statement {
  try {
    return raw.prepare(sql);
  } catch (error) {
    throw explain(error);
  }
}

/** SQLite's own words, the one place where they are shown: the SQL was the caller's. */
function explain(error: unknown): unknown {
  const { message, code = '' } = error as Error & { code?: string };
  if (error instanceof RangeError && /more than one statement/.test(message))
    return onlyReads('it holds more than one statement');
  if (
    error instanceof RangeError ||
    error instanceof TypeError ||
    /^SQLITE_(?:ERROR|AUTH|TOOBIG|MISMATCH|RANGE|READONLY)/.test(code)
  )
    return new RiskopsError('QUERY_INVALID', {
      what: 'The query was refused.',
      why: printable(message, 300),
    });
  return error;
}

function onlyReads(why: string): RiskopsError {
  return new RiskopsError('QUERY_INVALID', { what: 'A query is one statement that reads.', why });
}

function cellOf(value: unknown): QueryCell {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Buffer.isBuffer(value)) return `x'${value.toString('hex')}'`;
  return value as QueryCell;
}

/** `a`, `a:1` and so on where a query gives one name to several columns. */
function distinct(names: string[]): string[] {
  const used = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let i = 1; used.has(free); i++) free = `${name}:${i}`;
    used.add(free);
    return free;
  });
}
