import type BetterSqlite3 from 'better-sqlite3';
import { RiskopsError } from '../errors.js';
import { openConnection } from '../storage/database/sqlite-connection.js';
import { printable } from '../util/text.js';
import { withDataFile } from './data-file.js';
import { QueryRows, type QueryValue, queryRefused, splitQuery } from './query-rows.js';
import type { ReadContext, ReadResult } from './read-options.js';

/** The query, when it is one statement that only reads. */
function prepareQuery(
  path: string,
  database: BetterSqlite3.Database,
  query: string,
): BetterSqlite3.Statement<[], QueryValue[]> {
  let statement: BetterSqlite3.Statement<[], QueryValue[]>;
  try {
    statement = database.prepare<[], QueryValue[]>(query);
  } catch (error) {
    throw queryRefused(path, printable((error as Error).message), undefined, error);
  }
  if (!statement.reader || !statement.readonly || /^\s*(pragma|explain)\b/i.test(query))
    throw queryRefused(path, 'It is not a query that only reads rows.', 'write one SELECT behind the #');
  return statement.raw(true).safeIntegers(true);
}

function readRows(
  path: string,
  database: BetterSqlite3.Database,
  query: string,
  context: ReadContext,
): QueryRows {
  const statement = prepareQuery(path, database, query);
  const names = statement.columns().map(({ name }) => name);
  const rows = new QueryRows(path, names);
  for (const row of statement.iterate()) {
    const blob = row.findIndex((value) => (value as unknown) instanceof Uint8Array);
    if (blob >= 0)
      throw queryRefused(path, `The column "${printable(names[blob])}" holds bytes, and no text or number.`);
    rows.add(row);
    context.onProgress({ bytes: 0, of: 0, rows: rows.count });
  }
  return rows;
}

/** Reads what a query gives of a SQLite database, which is opened to be read only: `sqlite:PATH#SELECT ...`. */
export async function readSqlite(path: string, context: ReadContext): Promise<ReadResult> {
  const { place, query } = splitQuery(path, 'sqlite:data/plant.db#SELECT * FROM readings');
  const file = place.slice('sqlite:'.length);
  return await withDataFile(
    { path: file, format: 'a SQLite database', maxBytes: Number.POSITIVE_INFINITY },
    async () => {
      let database: BetterSqlite3.Database | undefined;
      try {
        database = openConnection(file, { readonly: true, fileMustExist: true });
        return readRows(path, database, query, context).finish(context);
      } catch (error) {
        if (
          error instanceof RiskopsError ||
          !String((error as NodeJS.ErrnoException).code).startsWith('SQLITE_')
        )
          throw error;
        throw queryRefused(path, printable((error as Error).message), undefined, error);
      } finally {
        database?.close();
      }
    },
  );
}
