import Papa from 'papaparse';
import type { Dialect } from './csv-dialect.js';

/** A file that is being read: what its errors need. */
export interface CsvText {
  path: string;
  text: string;
  dialect: Dialect;
  names: string[];
}

/** A quoted field that does not end as it should: its record begins at `start`, the field itself at `place`. */
export interface QuoteFault {
  kind: 'unclosed' | 'misplaced';
  start: number;
  place: number;
}

/** Called for each record that is not blank; `row` 0 is the header. `start` is where the record begins in the text. */
export type OnRecord = (fields: string[], row: number, start: number) => 'stop' | undefined;

function isBlank(fields: string[]): boolean {
  return fields.length === 1 && fields[0].trim() === '';
}

/**
 * Reads the records of `text` one after the other, so that no more than one is held. Blank lines are no records.
 * Returns the first fault in quoting; reading ends there.
 */
export function forEachRecord(text: string, dialect: Dialect, onRecord: OnRecord): QuoteFault | undefined {
  let row = 0;
  let start = 0;
  let fault: QuoteFault | undefined;
  Papa.parse<string[]>(text, {
    delimiter: dialect.delimiter,
    newline: dialect.lineEnd,
    fastMode: false,
    step: ({ data, errors, meta }, parser) => {
      const at = start;
      start = meta.cursor;
      if (errors.length > 0) {
        const kind = errors[0].code === 'MissingQuotes' ? 'unclosed' : 'misplaced';
        fault = { kind, start: at, place: (errors[0].index ?? at + 1) - 1 };
        parser.abort();
      } else if (!isBlank(data) && onRecord(data, row++, at) === 'stop') parser.abort();
    },
  });
  return fault;
}

/** Line and column number (from 1 and from 0) of the field that a fault names. */
export function locateFault(
  text: string,
  dialect: Dialect,
  fault: QuoteFault,
): { line: number; column: number } {
  const before = Papa.parse<string[]>(text.slice(fault.start, fault.place), {
    delimiter: dialect.delimiter,
    newline: dialect.lineEnd,
    fastMode: false,
  });
  return { line: lineCounter(text)(fault.place), column: Math.max(0, (before.data.at(-1)?.length ?? 1) - 1) };
}

/** Line numbers, counted as an editor does, of places in the text that come in ascending order. */
function lineCounter(text: string): (place: number) => number {
  let line = 1;
  let at = 0;
  return (place) => {
    for (; at < place; at++) {
      const c = text.charCodeAt(at);
      if (c === 10 || (c === 13 && text.charCodeAt(at + 1) !== 10)) line++;
    }
    return line;
  };
}

/**
 * The lines of the file on which data rows begin, for rows in ascending order (0 is the first after the header).
 * The text is read again: errors are rare, and reading stays quick without a table of places.
 */
export function linesOfRows(text: string, dialect: Dialect, rows: readonly number[]): number[] {
  const lineAt = lineCounter(text);
  const lines: number[] = [];
  forEachRecord(text, dialect, (_, row, start) => {
    while (lines.length < rows.length && rows[lines.length] + 1 === row) lines.push(lineAt(start));
    return lines.length === rows.length ? 'stop' : undefined;
  });
  return lines;
}
