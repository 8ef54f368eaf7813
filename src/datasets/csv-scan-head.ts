import { numberKind, trimCell } from './cells.js';
import { checkDelimiter, detectDelimiter, saysDelimiter } from './csv-dialect.js';
import { readHeader } from './csv-header.js';
import { type CsvText, forEachRecord } from './csv-records.js';
import { MODE, type Mode } from './csv-scan-kernel.js';
import type { ReadContext } from './read-options.js';

/** Records that are looked at before it is decided how to read a column. */
const SAMPLE_RECORDS = 200;

/** What the beginning of a file says. */
export interface ScanHead {
  names: string[];
  notes: Map<string, string>;
  delimiter: string;
  /** How to read each column. */
  modes: Mode[];
}

/** Whether the scanner can tell fields by this character. */
function canScan(delimiter: string): boolean {
  return delimiter.charCodeAt(0) < 128 && delimiter !== '\0' && !/[\d+.eE-]/.test(delimiter);
}

/** The text of the first whole lines, with line feeds at their ends; undefined when it is odd. */
function headText(head: Buffer, isWhole: boolean): string | undefined {
  const end = isWhole ? head.length : Math.max(head.lastIndexOf(10), head.lastIndexOf(13));
  if (end <= 0) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head.subarray(0, end));
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  } catch {
    return undefined;
  }
}

/** Columns whose first cells are not all numbers are read as texts; the others begin as numbers. */
function chooseModes(csv: CsvText, { rules, marks }: ReadContext): Mode[] {
  const modes = csv.names.map((name): Mode => {
    const type = rules.get(name)?.type;
    return type === undefined || type === 'number' || type === 'integer' ? MODE.NUMBER : MODE.TEXT;
  });
  const isOpen = csv.names.map((name) => rules.get(name)?.type === undefined);
  forEachRecord(csv.text, csv.dialect, (fields, row) => {
    if (row > SAMPLE_RECORDS) return 'stop';
    for (let i = 0; row > 0 && i < fields.length; i++) {
      const text = trimCell(fields[i]);
      if (isOpen[i] && numberKind(text) === 'none' && !marks.words.has(text)) modes[i] = MODE.TEXT;
    }
    return undefined;
  });
  return modes;
}

/**
 * What the first bytes of a file say; undefined when they are odd, or do not tell all that the whole text would. Throws what the
 * careful reader would throw of a bad header.
 */
export function readScanHead(
  path: string,
  head: Buffer,
  isWhole: boolean,
  context: ReadContext,
): ScanHead | undefined {
  const text = headText(head, isWhole);
  if (text === undefined) return undefined;
  const wanted = context.delimiter;
  if (wanted === undefined && !isWhole && !saysDelimiter(text)) return undefined;
  const delimiter = wanted === undefined ? detectDelimiter(text, '\n') : checkDelimiter(wanted);
  if (!canScan(delimiter)) return undefined;
  const dialect = { delimiter, lineEnd: '\n' as const };
  const { names, notes } = readHeader(path, text, dialect);
  // A blank cell would be a blank line.
  if (names.length < 2) return undefined;
  return { names, notes, delimiter, modes: chooseModes({ path, text, dialect, names }, context) };
}
