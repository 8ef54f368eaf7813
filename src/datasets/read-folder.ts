import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { unreadable } from './data-file.js';
import { checkColumns, tableOfColumns } from './finish-table.js';
import { findPartFiles, type PartFile } from './folder-files.js';
import { partitionColumn } from './partition-column.js';
import { readCsv } from './read-csv.js';
import { checkRules, type ReadContext, type ReadResult } from './read-options.js';
import { countedRows } from './row-errors.js';
import { type Column, type ColumnType, joinColumns } from './table.js';
import type { FinishedColumn } from './text-column.js';

const FORMAT = 'a folder of data files';
const MIXED_NOTE = 'of different types in different files, so it is kept as text';

interface Part extends ReadResult {
  file: PartFile;
}

async function readPart(folder: string, { path, kind }: PartFile, context: ReadContext): Promise<ReadResult> {
  const whole = join(folder, path);
  if (kind === 'csv') return await readCsv(whole, context);
  if (kind === 'parquet') return await (await import('./read-parquet.js')).readParquet(whole, context);
  return await (await import('./read-ndjson.js')).readNdjson(whole, context);
}

async function readParts(folder: string, files: readonly PartFile[], context: ReadContext): Promise<Part[]> {
  const sizes = files.map(({ path }) => statSync(join(folder, path)).size);
  const of = sizes.reduce((sum, size) => sum + size, 0);
  const parts: Part[] = [];
  let [bytes, rows] = [0, 0];
  for (const [i, file] of files.entries()) {
    const onProgress: ReadContext['onProgress'] = (progress) =>
      context.onProgress({
        bytes: bytes + Math.min(progress.bytes, sizes[i]),
        of,
        rows: rows + progress.rows,
      });
    const part = await readPart(folder, file, { ...context, isPart: true, onProgress });
    parts.push({ ...part, file });
    bytes += sizes[i];
    rows += part.table.rowCount;
    onProgress({ bytes: 0, of, rows: 0 });
  }
  return parts;
}

/** A column without a value says nothing of its type. */
function isEmpty(column: Column): boolean {
  return column.type === 'category' && column.categories.length === 0;
}

/** The type of a column in all files; undefined when they differ. */
function commonType(parts: readonly Part[], name: string): ColumnType | undefined {
  const columns = parts.flatMap(({ table }) => table.columns.filter((column) => column.name === name));
  const types = new Set(columns.filter((column) => !isEmpty(column)).map(({ type }) => type));
  if (types.size === 0) return 'category';
  if (types.size === 1) return [...types][0];
  return types.size === 2 && types.has('integer') && types.has('number') ? 'number' : undefined;
}

/** All columns of all files, in the order in which they come. A CSV names all of its columns; other formats leave out what is missing. */
function columnNames(folder: string, parts: readonly Part[]): string[] {
  const names = [...new Set(parts.flatMap(({ table }) => table.columns.map(({ name }) => name)))];
  for (const { file, table } of parts) {
    if (file.kind !== 'csv') continue;
    const lacking = names.find((name) => !table.columns.some((column) => column.name === name));
    if (lacking === undefined) continue;
    throw new RiskopsError('DATA_UNREADABLE', {
      what: `${printable(join(folder, file.path), 400)} has no column "${printable(lacking)}".`,
      why: 'Other files of the folder have it.',
      fix: 'give all files of the folder the same columns',
    });
  }
  return names;
}

/** The types of all columns; the parts are read once more where a column is to be text because files do not agree. */
async function settleTypes(folder: string, files: readonly PartFile[], context: ReadContext) {
  let parts = await readParts(folder, files, context);
  const names = columnNames(folder, parts);
  const mixed = names.filter((name) => commonType(parts, name) === undefined);
  if (mixed.length > 0) {
    const rules = new Map(context.rules);
    for (const name of mixed) rules.set(name, { ...rules.get(name), type: 'category' });
    parts = await readParts(folder, files, { ...context, rules });
  }
  const types = new Map(names.map((name) => [name, commonType(parts, name) ?? ('category' as const)]));
  return { parts, types, notes: new Map(mixed.map((name) => [name, MIXED_NOTE])) };
}

function joinParts(parts: readonly Part[], name: string, type: ColumnType): FinishedColumn {
  const pieces = parts.map(({ table }) => {
    const column = table.columns.find((candidate) => candidate.name === name);
    return { column: column === undefined || isEmpty(column) ? undefined : column, rowCount: table.rowCount };
  });
  return { column: joinColumns(name, type, pieces), bad: [] };
}

/**
 * Reads all data files of a folder, and of the folders in it, as one table, in the order of their paths. Folders named `key=value`
 * give columns behind those of the files. Names that begin with `.` or `_` are left out; any other file that is no data is an error.
 */
export async function readFolder(path: string, context: ReadContext): Promise<ReadResult> {
  const { files, keys } = findPartFiles(path);
  const { parts, types, notes } = await settleTypes(path, files, context);
  const rowCounts = parts.map(({ table }) => table.rowCount);
  const finished = [...types].map(([name, type]) => joinParts(parts, name, type));
  for (const key of keys) {
    const at = finished.findIndex(({ column }) => column.name === key);
    const own = at < 0 ? undefined : finished[at].column;
    const made = partitionColumn({ folder: path, key, files, rowCounts, own }, context);
    finished.splice(at < 0 ? finished.length : at, at < 0 ? 0 : 1, made);
  }
  checkRules(
    context,
    finished.map(({ column }) => column.name),
  );
  checkColumns(finished, context, countedRows(path));
  const sources = parts.map(({ file, sha256 }) => ({ path: file.path, sha256 }));
  const list = sources.map((file) => `${file.sha256}  ${file.path}\n`).join('');
  const rowCount = rowCounts.reduce((sum, rows) => sum + rows, 0);
  if (rowCount === 0) throw unreadable(path, FORMAT, 'Its files have no rows.');
  return {
    ...tableOfColumns(finished, rowCount, notes),
    sha256: createHash('sha256').update(list).digest('hex'),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    files: sources,
  };
}
