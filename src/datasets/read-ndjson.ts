import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { type DataStream, unreadable, withDataStream } from './data-file.js';
import { keepLongNumbers, ObjectRows } from './json-values.js';
import type { ReadContext, ReadResult } from './read-options.js';
import type { RowPlaces } from './row-errors.js';

const FORMAT = 'NDJSON';
/** Lines are read one by one, so that the file may be larger than what fits into one string. */
const DEFAULT_MAX_BYTES = 16_000_000_000;
/** The longest text that a JavaScript string surely holds. */
const LONGEST_TEXT = 500_000_000;

function decode(path: string, bytes: Uint8Array, line: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(path, FORMAT, `Line ${line} is not UTF-8 text.`, undefined, error);
  }
}

/** The lines of the file, with their numbers; blank ones are left out. */
export async function* linesOf(
  path: string,
  { pieces }: DataStream,
): AsyncGenerator<{ text: string; line: number }> {
  let line = 0;
  let open: Buffer[] = [];
  let openBytes = 0;
  const close = (end: Buffer) => {
    line++;
    const text = decode(path, open.length === 0 ? end : Buffer.concat([...open, end]), line).trim();
    open = [];
    openBytes = 0;
    return text;
  };
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      const text = close(piece.subarray(start, end));
      if (text !== '') yield { text, line };
      start = end + 1;
    }
    openBytes += piece.length - start;
    if (openBytes > LONGEST_TEXT)
      throw unreadable(path, FORMAT, `Line ${line + 1} is longer than ${LONGEST_TEXT} bytes.`);
    if (start < piece.length) open.push(Buffer.from(piece.subarray(start)));
  }
  const text = close(Buffer.alloc(0));
  if (text !== '') yield { text, line };
}

/** Whether the text of a `.json` file is one document over several lines: a list, or an object that goes on behind its first line. */
export function isDocument(path: string, firstLine: string): boolean {
  if (!/\.json(\.gz)?$/i.test(path)) return false;
  if (firstLine.startsWith('[')) return true;
  try {
    JSON.parse(firstLine);
    return false;
  } catch {
    return firstLine.startsWith('{');
  }
}

/** The value of a line. */
export function parseLine(rows: ObjectRows, text: string): unknown {
  try {
    return JSON.parse(keepLongNumbers(text));
  } catch (error) {
    throw rows.invalid('it is no JSON.', printable((error as Error).message));
  }
}

/** Adds the objects of one document: a list of them, or a single one. */
function addDocument(path: string, text: string, rows: ObjectRows): void {
  let value: unknown;
  try {
    value = JSON.parse(keepLongNumbers(text));
  } catch (error) {
    throw unreadable(path, 'JSON', printable((error as Error).message), 'write one object a line', error);
  }
  for (const item of Array.isArray(value) ? value : [value]) rows.add(item);
}

/**
 * Reads `.ndjson` or `.jsonl`: one object a line; `.json` may also be one object, or a list of them. Keys are columns, in the
 * order in which they come; a key that a row lacks is a missing value. Values of different types in one column are read as their
 * texts in a CSV would be.
 */
export async function readNdjson(path: string, context: ReadContext): Promise<ReadResult> {
  const { maxBytes = DEFAULT_MAX_BYTES, onProgress } = context;
  return await withDataStream({ path, format: FORMAT, maxBytes }, async (stream) => {
    const lineOfRow: number[] = [];
    const lines: RowPlaces = { path, unit: 'line', numbersOf: (rows) => rows.map((row) => lineOfRow[row]) };
    let rows = new ObjectRows(context, lines);
    let document: string[] | undefined;
    for await (const { text, line } of linesOf(path, stream)) {
      if (document === undefined && rows.rows === 0 && isDocument(path, text)) {
        document = [];
        rows = new ObjectRows(context, { path, unit: 'row', numbersOf: (all) => all.map((row) => row + 1) });
      }
      if (document !== undefined) document.push(text);
      else {
        lineOfRow.push(line);
        rows.add(parseLine(rows, text));
      }
      onProgress({ bytes: stream.bytesRead(), of: stream.size, rows: rows.rows });
    }
    if (document !== undefined) addDocument(path, joined(path, document), rows);
    return { ...rows.finish(), sha256: stream.sha256(), bytes: stream.size };
  });
}

function joined(path: string, lines: readonly string[]): string {
  const length = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (length <= LONGEST_TEXT) return lines.join('\n');
  throw new RiskopsError('DATA_UNREADABLE', {
    what: `${printable(path)} is one JSON document of more than ${LONGEST_TEXT} characters.`,
    why: 'A document is read as a whole.',
    fix: 'write one object a line',
  });
}
