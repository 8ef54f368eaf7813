import { readCsv } from './read-csv.js';
import {
  contextOf,
  type ReadContext,
  type ReadOptions,
  type ReadResult,
  type ReadTable,
} from './read-options.js';
import { type SourceKind, sourceKind } from './source-kind.js';

export type { DataSource, ReadOptions } from './read-options.js';

/** Loaded when a source needs it: most need one, and CSV none. */
const readers: Record<
  SourceKind,
  () => Promise<(path: string, context: ReadContext) => Promise<ReadResult>>
> = {
  csv: async () => readCsv,
  ndjson: async () => (await import('./read-ndjson.js')).readNdjson,
  parquet: async () => (await import('./read-parquet.js')).readParquet,
  folder: async () => (await import('./read-folder.js')).readFolder,
  sqlite: async () => (await import('./read-sqlite.js')).readSqlite,
  postgres: async () => (await import('./read-postgres.js')).readPostgres,
};

/**
 * Reads a table, with its schema and where it came from. `path` is
 * - a CSV, TSV or other delimited file (UTF-8, the first line names the columns), also packed by gzip;
 * - `.ndjson`, `.jsonl` (one object a line) or `.json`, also packed by gzip; `.parquet`;
 * - a folder of such files, in which `key=value` folders give columns;
 * - `sqlite:PATH#SELECT ...` or `postgres://user@host/database#SELECT ...`.
 *
 * Types are found as in a CSV, whatever the format; `options` override them.
 *
 * Errors: DATA_FILE_NOT_FOUND; DATA_UNREADABLE when it is not what its name says or its header is unusable; DATA_ROW_INVALID
 * naming line, column and value of the first row that does not fit; COLUMN_NOT_FOUND, SCHEMA_INVALID and OPTION_INVALID for
 * options that do not.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<ReadTable> {
  const { missing, ...context } = contextOf(options);
  const read = await readers[sourceKind(path)]();
  const { table, columns, delimiter, sha256, bytes, files } = await read(path, context);
  return {
    table,
    schema: { columns, missing, ...(delimiter === undefined ? {} : { delimiter }) },
    source: { path, sha256, bytes, rowCount: table.rowCount, ...(files === undefined ? {} : { files }) },
  };
}
