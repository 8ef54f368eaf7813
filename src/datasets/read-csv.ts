import { statSync } from 'node:fs';
import { readDataText } from './csv-bytes.js';
import { checkDelimiter, detectDelimiter, settleLineEnds } from './csv-dialect.js';
import { readHeader } from './csv-header.js';
import { type CsvText, forEachRecord, locateFault } from './csv-records.js';
import { csvLines, quoteFault, wrongLength } from './csv-row-errors.js';
import { Odd, scanCsv } from './csv-scan.js';
import { checkColumns, noRows, tableOfColumns } from './finish-table.js';
import { type ColumnReader, columnReader, mixedColumnReader } from './read-column.js';
import { checkRules, type ReadContext, type ReadResult } from './read-options.js';
import type { FinishedColumn } from './text-column.js';

/** Files of fewer bytes are read at once by either reader. */
const SCAN_FROM = 100_000;

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
function readColumns(csv: CsvText, { marks, rules }: ReadContext) {
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

/**
 * Reads a CSV or CSV.gz file of any dialect by its text, which must fit into one string: right on odd files, and with errors
 * that name the line. `limitNote` is for the error of a file that is too large for it.
 */
export async function readCsvText(
  path: string,
  context: ReadContext,
  limitNote?: string,
): Promise<ReadResult> {
  const data = await readDataText(path, { maxBytes: context.maxBytes, limitNote });
  const { text, lineEnd } = settleLineEnds(data.text);
  const delimiter =
    context.delimiter === undefined ? detectDelimiter(text, lineEnd) : checkDelimiter(context.delimiter);
  const dialect = { delimiter, lineEnd };
  const { names, notes } = readHeader(path, text, dialect);
  const csv: CsvText = { path, text, dialect, names };
  checkRules(context, names);

  const { rowCount, finished } = readColumns(csv, context);
  if (rowCount === 0) throw noRows(path, 'It has a header and nothing more.');
  checkColumns(finished, context, csvLines(csv));
  const { sha256, bytes } = data;
  return { ...tableOfColumns(finished, rowCount, notes), delimiter, sha256, bytes };
}

/**
 * Reads a CSV or CSV.gz file. Large ones are scanned by their bytes; what is odd about a file, the careful reader reads or tells.
 * Cells are read without blanks around them. Delimiter, line ends and types are found; the options override them.
 */
export async function readCsv(path: string, context: ReadContext): Promise<ReadResult> {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (!facts?.isFile() || facts.size < SCAN_FROM) return await readCsvText(path, context);
  const scanned = await scanCsv(path, context);
  if (!(scanned instanceof Odd)) return scanned;
  const near = scanned.row > 0 ? `, near row ${scanned.row}` : '';
  return await readCsvText(path, context, ` for a file that is not plain (${scanned.why}${near})`);
}
