import { DEFAULT_MISSING_MARKS, marksOf, trimCell } from './cells.js';
import { csvPieces, NotPlain } from './csv-pieces.js';
import { type DataStream, withDataStream } from './data-file.js';
import { ndjsonPieces } from './ndjson-pieces.js';
import { contextOf, type ReadOptions } from './read-options.js';
import { readTable } from './read-table.js';
import { sourceKind } from './source-kind.js';
import { columnNotFound, columnOf, type Table } from './table.js';

/** The text of a cell; null where it is missing. */
export type CellText = string | null;

/** Some rows of a source: of each column that was asked for, in that order, the text of each row. */
export interface TextPiece {
  rowCount: number;
  columns: CellText[][];
}

export interface PieceOptions {
  columns: readonly string[];
  /** At most so many rows are in a piece. */
  rowsAtOnce: number;
}

const MAX_BYTES = 16_000_000_000;

const isStreamed = (path: string) => ['csv', 'ndjson'].includes(sourceKind(path));

const streamOf = <T>(path: string, work: (stream: DataStream) => Promise<T>) =>
  withDataStream({ path, format: sourceKind(path) === 'csv' ? 'CSV' : 'NDJSON', maxBytes: MAX_BYTES }, work);

/** Each column is read as it is written: an id may begin with a 0. */
function asTexts(columns: readonly string[]): ReadOptions {
  return { schema: new Map(columns.map((name) => [name, { type: 'category' as const }])) };
}

/** A column of a table by its texts; a table that lacks it has no value in it. */
function textsOf(table: Table, name: string, from: number, to: number): CellText[] {
  if (!table.columns.some((column) => column.name === name)) return new Array(to - from).fill(null);
  const column = columnOf(table, name);
  if (column.type !== 'category') throw new Error('every column was read as text');
  return Array.from(column.codes.subarray(from, to), (code) => (code < 0 ? null : column.categories[code]));
}

async function readCsvPieces(
  path: string,
  stream: DataStream,
  { columns, rowsAtOnce }: PieceOptions,
  work: (piece: TextPiece) => Promise<void>,
): Promise<void> {
  const { words } = marksOf(DEFAULT_MISSING_MARKS);
  const empty = () => columns.map((): CellText[] => []);
  let waiting = empty();
  let rowCount = 0;
  let isEmpty = true;
  const hand = async () => {
    const piece = { rowCount, columns: waiting };
    [waiting, rowCount, isEmpty] = [empty(), 0, false];
    await work(piece);
  };
  for await (const { names, rows } of csvPieces(path, stream)) {
    const places = columns.map((name) => names.indexOf(name));
    const lost = places.indexOf(-1);
    if (lost >= 0) throw columnNotFound(columns[lost], names);
    for (const fields of rows) {
      for (const [i, place] of places.entries()) {
        const text = trimCell(fields[place]);
        waiting[i].push(words.has(text) ? null : text);
      }
      rowCount++;
      if (rowCount === rowsAtOnce) await hand();
    }
  }
  if (rowCount > 0) await hand();
  if (isEmpty) throw new NotPlain();
}

async function readWhole(
  path: string,
  { columns, rowsAtOnce }: PieceOptions,
  { skip, work }: { skip: number; work: (piece: TextPiece) => Promise<void> },
): Promise<void> {
  const { table } = await readTable(path, asTexts(columns));
  for (let from = skip; from < table.rowCount; from += rowsAtOnce) {
    const to = Math.min(table.rowCount, from + rowsAtOnce);
    await work({ rowCount: to - from, columns: columns.map((name) => textsOf(table, name, from, to)) });
  }
}

/**
 * The names of a source's columns; of a file with an object a line, all keys that stand in it.
 * @throws RiskopsError as `readTable`
 */
export async function columnNamesOf(path: string): Promise<string[]> {
  const names = new Set<string>();
  try {
    if (isStreamed(path))
      await streamOf(path, async (stream) => {
        const given = { stream, context: contextOf({}), rowsAtOnce: 10_000 };
        const pieces = sourceKind(path) === 'csv' ? csvPieces(path, stream) : ndjsonPieces(path, given);
        for await (const piece of pieces) {
          for (const name of 'names' in piece ? piece.names : piece.columns.map((column) => column.name))
            names.add(name);
          if ('names' in piece) break;
        }
      });
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    names.clear();
  }
  if (names.size > 0) return [...names];
  return (await readTable(path)).table.columns.map(({ name }) => name);
}

/**
 * Hands the rows of a source to `work`, piece by piece and in their order, each cell by its text as `readTable` reads a category.
 * CSV and NDJSON files, packed or not, take as much memory as a piece; JSON documents, Parquet, folders and queries are held whole,
 * and so is a CSV file that is not plain.
 * @throws RiskopsError as `readTable`, also behind rows that were handed on
 */
export async function forEachTextPiece(
  path: string,
  options: PieceOptions,
  work: (piece: TextPiece) => Promise<void>,
): Promise<void> {
  let handed = 0;
  const count = async (piece: TextPiece) => {
    handed += piece.rowCount;
    await work(piece);
  };
  try {
    if (isStreamed(path)) {
      await streamOf(path, async (stream) => {
        if (sourceKind(path) === 'csv') return readCsvPieces(path, stream, options, count);
        const { columns, rowsAtOnce } = options;
        const given = { stream, context: contextOf(asTexts(columns)), rowsAtOnce };
        for await (const table of ndjsonPieces(path, given)) {
          const texts = columns.map((name) => textsOf(table, name, 0, table.rowCount));
          await count({ rowCount: table.rowCount, columns: texts });
        }
      });
      return;
    }
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
  }
  await readWhole(path, options, { skip: handed, work });
}
