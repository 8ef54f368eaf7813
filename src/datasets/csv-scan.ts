import { totalmem } from 'node:os';
import { RiskopsError } from '../errors.js';
import { kernelModule } from '../util/package.js';
import { printable } from '../util/text.js';
import { LONGEST_TEXT } from './csv-bytes.js';
import { cellText, judgeNumber, ScannedColumn } from './csv-scan-columns.js';
import { readScanHead, type ScanHead } from './csv-scan-head.js';
import { MODE, type RawText, SCAN, ScanKernel } from './csv-scan-kernel.js';
import { type DataStream, withDataStream } from './data-file.js';
import { checkColumns, tableOfColumns } from './finish-table.js';
import { checkRules, type ReadContext, type ReadResult } from './read-options.js';
import { countedRows } from './row-errors.js';
import type { FinishedColumn } from './text-column.js';

/** The file may be larger than what fits into one string: it is read in pieces. */
const DEFAULT_MAX_BYTES = 64_000_000_000;
/** Bytes that may tell delimiter and header; long records take more of them. */
const HEAD_BYTES = [1 << 20, 8 << 20];

/** What the scanner cannot read as the careful reader would; `row` is near it. */
export class Odd {
  constructor(
    readonly why: string,
    readonly row = 0,
  ) {}
}

interface Scan {
  path: string;
  context: ReadContext;
  head: ScanHead;
  columns: ScannedColumn[];
  kernel: ScanKernel;
  rowCount: number;
  textBytes: number;
}

/** Reads on until there are this many bytes; `isWhole` when the file has no more. */
async function readHead(
  pieces: AsyncIterator<Buffer>,
  before: Buffer,
  bytes: number,
): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const parts = [before];
  for (let length = before.length; length < bytes; ) {
    const { value, done } = await pieces.next();
    if (done) return { bytes: Buffer.concat(parts), isWhole: true };
    parts.push(Buffer.from(value));
    length += value.length;
  }
  return { bytes: Buffer.concat(parts), isWhole: false };
}

/** Puts the cells of the block in place that are no plain numbers; a column that holds something else is read again as texts. */
function judgeCells({ kernel, columns, rowCount, context }: Scan): Odd | undefined {
  for (const { row, column, text } of kernel.oddCells()) {
    if (columns[column].mode !== MODE.NUMBER) continue;
    if (text === undefined) return new Odd('its text is not UTF-8', rowCount + row);
    const judged = judgeNumber(cellText(text), context.marks);
    if (judged === undefined) {
      columns[column].drop();
      kernel.setMode(column, MODE.SKIP);
    } else {
      columns[column].set(rowCount + row, judged.value);
      kernel.addFlags(column, judged.flags);
    }
  }
  return undefined;
}

function takeBlock(scan: Scan, rows: number, room: number): Odd | undefined {
  if (rows === 0) return undefined;
  for (const [i, column] of scan.columns.entries())
    if (column.mode !== MODE.SKIP) column.take(scan.kernel, i, rows, room);
  const odd = judgeCells(scan);
  scan.rowCount += rows;
  return odd;
}

/** Scans all of the input but a record that is not all there. */
function scanInput(scan: Scan, room: (rows: number) => number): Odd | undefined {
  const { kernel } = scan;
  for (;;) {
    const { reason, rows } = kernel.scan();
    const odd = takeBlock(scan, rows, room(scan.rowCount + rows));
    if (odd !== undefined || reason === SCAN.NEED_INPUT) return odd;
    if (reason === SCAN.ODD)
      return new Odd('its quotes, fields or characters are not those of a plain table', scan.rowCount);
    if (reason === SCAN.NEED_ROOM && !kernel.openArena())
      return new Odd('its texts are too many', scan.rowCount);
    if (reason === SCAN.TABLE_FULL && !kernel.openTable())
      return new Odd('its texts are too many', scan.rowCount);
  }
}

/** An estimate of how many rows there will be, so that columns need not grow. Refuses a table that the memory cannot hold. */
function roomFor(path: string, { size, bytesRead }: DataStream, width: number): (rows: number) => number {
  return (rows) => {
    const share = size / Math.max(1, bytesRead());
    const room = share <= 1 ? rows : Math.ceil(rows * share * 1.01);
    const bytes = room * width * 8;
    if (bytes <= totalmem()) return room;
    throw new RiskopsError('DATA_UNREADABLE', {
      what: `${printable(path)} holds more than the memory of this machine.`,
      why: `Its table would need about ${Math.ceil(bytes / 1e9)} GB.`,
      fix: 'leave out rows or columns that no model needs',
    });
  };
}

/** Scans the whole stream for the columns that are not skipped. */
async function scanAll(
  scan: Scan,
  stream: DataStream,
  pieces: AsyncIterable<Buffer>,
): Promise<Odd | undefined> {
  const { kernel, columns, context } = scan;
  const room = roomFor(scan.path, stream, columns.length);
  let isHeader = true;
  const feed = (piece: Uint8Array): Odd | undefined => {
    if (!kernel.feed(piece)) return new Odd('a record is too long', scan.rowCount);
    if (isHeader) {
      const { reason, rows } = kernel.scan(1);
      if (rows === 0) return reason === SCAN.NEED_INPUT ? undefined : new Odd('its header is not plain');
      isHeader = false;
      for (const [i, { mode }] of columns.entries()) kernel.setMode(i, mode);
    }
    return scanInput(scan, room);
  };
  for await (const piece of pieces) {
    scan.textBytes += piece.length;
    const odd = feed(piece);
    if (odd !== undefined) return odd;
    context.onProgress({ bytes: stream.bytesRead(), of: stream.size, rows: scan.rowCount });
  }
  // A line end closes the last record; one more is a blank line.
  const odd = feed(Buffer.from('\n'));
  if (odd !== undefined) return odd;
  return kernel.left === 0 ? undefined : new Odd('a quote is not closed', scan.rowCount);
}

/** The first bytes without a byte order mark, in pieces that the kernel takes, and what follows them. */
async function* piecesFrom(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  const step = 1 << 20;
  for (let at = start; at < head.length; at += step) yield head.subarray(at, at + step);
  for (;;) {
    const { value, done } = await rest.next();
    if (done) return;
    yield value;
  }
}

/** The columns that this pass read to their end; undefined for those that another pass must read as texts. */
function finishColumns({ kernel, columns, context }: Scan): (FinishedColumn | undefined)[] | Odd {
  const raw: RawText[][] = columns.map(() => []);
  for (const text of kernel.texts()) raw[text.column].push(text);
  const finished: (FinishedColumn | undefined)[] = [];
  for (const [i, column] of columns.entries()) {
    if (column.mode === MODE.SKIP) finished.push(undefined);
    else if (column.mode === MODE.NUMBER) finished.push(column.finishNumbers(kernel.flagsOf(i)));
    else {
      const texts = column.finishTexts(raw[i], context.marks);
      if (texts === undefined) return new Odd('its text is not UTF-8');
      finished.push(texts);
    }
  }
  return finished;
}

/** What the first bytes say. The careful reader tells what is wrong with them, unless the file is too large for it. */
function checkHead(
  path: string,
  { bytes, isWhole, size }: { bytes: Buffer; isWhole: boolean; size: number },
  context: ReadContext,
) {
  try {
    const head = readScanHead(path, bytes, isWhole, context);
    if (head !== undefined) checkRules(context, head.names);
    return head;
  } catch (error) {
    if (size > LONGEST_TEXT || !(error instanceof RiskopsError)) throw error;
    return undefined;
  }
}

interface Pass {
  finished: (FinishedColumn | undefined)[];
  rowCount: number;
  head: ScanHead;
  sha256: string;
  size: number;
  /** Of the text, unpacked. */
  textBytes: number;
}

/** Reads the file once. `again` are the columns that are still to be read, as texts; all when left out. */
async function readOnce(
  path: string,
  context: ReadContext,
  again?: ReadonlySet<number>,
): Promise<Pass | Odd> {
  const maxBytes = context.maxBytes ?? DEFAULT_MAX_BYTES;
  return await withDataStream({ path, format: 'CSV', maxBytes }, async (stream) => {
    const pieces = stream.pieces[Symbol.asyncIterator]();
    try {
      const module = kernelModule('scan');
      let bytes: Buffer = Buffer.alloc(0);
      let head: ScanHead | undefined;
      for (const wanted of HEAD_BYTES) {
        const first = await readHead(pieces, bytes, wanted);
        bytes = first.bytes;
        head = checkHead(path, { ...first, size: stream.size }, context);
        if (head !== undefined || first.isWhole) break;
      }
      if (head === undefined || module === null) return new Odd('its beginning is not that of a plain table');
      const columns = head.names.map((name, i) => {
        const mode = again === undefined ? head.modes[i] : again.has(i) ? MODE.TEXT : MODE.SKIP;
        return new ScannedColumn(name, context.rules.get(name)?.type, mode);
      });
      const kernel = new ScanKernel(module, columns.length, head.delimiter.charCodeAt(0), context.marks);
      const scan: Scan = { path, context, head, columns, kernel, rowCount: 0, textBytes: 0 };
      const odd = await scanAll(scan, stream, piecesFrom(bytes, pieces));
      const finished = odd ?? finishColumns(scan);
      if (finished instanceof Odd) return finished;
      return {
        finished,
        rowCount: scan.rowCount,
        head,
        sha256: stream.sha256(),
        size: stream.size,
        textBytes: scan.textBytes,
      };
    } finally {
      await pieces.return?.();
    }
  });
}

/**
 * Reads a CSV by scanning its bytes: several times as fast as the careful reader, and in little memory beside the columns. Gives the
 * same table, or `Odd` for a file that only the careful reader reads, or finds the fault of. In a text that is too long for that one,
 * a cell that does not fit is an error here, which names its row.
 */
export async function scanCsv(path: string, context: ReadContext): Promise<ReadResult | Odd> {
  const first = await readOnce(path, context);
  if (first instanceof Odd) return first;
  const { rowCount, head, sha256, size, textBytes } = first;
  const again = new Set(first.finished.flatMap((column, i) => (column === undefined ? [i] : [])));
  const second = again.size === 0 ? first : await readOnce(path, context, again);
  if (second instanceof Odd) return second;
  if (second.rowCount !== rowCount || second.sha256 !== sha256)
    return new Odd('it changed while it was read');
  if (rowCount === 0) return new Odd('it has no rows');
  const finished = first.finished.map((column, i) => column ?? second.finished[i]!);
  try {
    checkColumns(finished, context, countedRows(path));
  } catch (error) {
    if (textBytes > LONGEST_TEXT) throw error;
    return new Odd('a cell does not fit its column');
  }
  return {
    ...tableOfColumns(finished, rowCount, head.notes),
    delimiter: head.delimiter,
    sha256,
    bytes: size,
  };
}
