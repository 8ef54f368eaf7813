import { isUtf8 } from 'node:buffer';
import { detectDelimiter, settleLineEnds } from './csv-dialect.js';
import { readHeader } from './csv-header.js';
import { forEachRecord } from './csv-records.js';
import type { DataStream } from './data-file.js';

/** So many bytes of a file are looked at at once; a record that is longer is not plain. */
const BLOCK_BYTES = 1 << 20;
const LONGEST_RECORD = 1 << 24;

const QUOTE = 34;
const LINE_FEED = 10;

/** What makes a file odd is told by the reader that holds it as a whole. */
export class NotPlain extends Error {}

/** Some records of a CSV file. */
export interface CsvPiece {
  names: readonly string[];
  rows: string[][];
}

/** How many bytes there are up to the end of the last line that ends outside quotes. */
function completeBytes(bytes: Buffer): number {
  if (!bytes.includes(QUOTE)) return bytes.lastIndexOf(LINE_FEED) + 1;
  let complete = 0;
  let isQuoted = false;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) isQuoted = !isQuoted;
    else if (bytes[i] === LINE_FEED && !isQuoted) complete = i + 1;
  }
  return complete;
}

/** The bytes of a file in blocks of whole lines. */
async function* lineBlocks({ pieces }: DataStream): AsyncGenerator<Buffer> {
  let open: Buffer[] = [];
  let waiting = 0;
  let lookAt = BLOCK_BYTES;
  for await (const piece of pieces) {
    open.push(Buffer.from(piece));
    waiting += piece.length;
    if (waiting < lookAt) continue;
    const bytes = Buffer.concat(open);
    const complete = completeBytes(bytes);
    if (complete > 0) yield bytes.subarray(0, complete);
    const rest = bytes.subarray(complete);
    if (rest.length > LONGEST_RECORD) throw new NotPlain();
    open = [Buffer.from(rest)];
    waiting = rest.length;
    // A long record is looked at again when it has doubled, not with every piece.
    lookAt = Math.max(BLOCK_BYTES, 2 * waiting);
  }
  if (waiting > 0) yield Buffer.concat(open);
}

function textOf(bytes: Buffer, isFirst: boolean): string {
  if (!isUtf8(bytes) || bytes.includes(0)) throw new NotPlain();
  const text = bytes.toString('utf8');
  return isFirst && text.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * The records of a CSV file, piece by piece, in as much memory as a piece takes. Each piece is read as `readCsvText` reads a file.
 * @throws NotPlain for anything that only the reader of the whole file reads or tells
 */
export async function* csvPieces(path: string, stream: DataStream): AsyncGenerator<CsvPiece> {
  let delimiter: string | undefined;
  let names: string[] | undefined;
  for await (const bytes of lineBlocks(stream)) {
    const { text, lineEnd } = settleLineEnds(textOf(bytes, names === undefined));
    if (lineEnd === '\r') throw new NotPlain();
    delimiter ??= detectDelimiter(text, lineEnd);
    const dialect = { delimiter, lineEnd };
    const isFirst = names === undefined;
    names ??= readHeader(path, text, dialect).names;
    const width = names.length;
    const rows: string[][] = [];
    let isOdd = false;
    const fault = forEachRecord(text, dialect, (fields, row) => {
      if (isFirst && row === 0) return undefined;
      if (fields.length !== width) {
        isOdd = true;
        return 'stop';
      }
      rows.push(fields);
      return undefined;
    });
    if (fault !== undefined || isOdd) throw new NotPlain();
    yield { names, rows };
  }
}
