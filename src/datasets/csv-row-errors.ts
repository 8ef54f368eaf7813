import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';
import { type CsvText, linesOfRows } from './csv-records.js';
import type { RowPlaces } from './row-errors.js';

/** The lines of the file, as an editor counts them. */
export function csvLines({ path, text, dialect }: CsvText): RowPlaces {
  return { path, unit: 'line', numbersOf: (rows) => linesOfRows(text, dialect, rows) };
}

function invalid(csv: CsvText, where: string, why: string, fix: string, details: unknown): RiskopsError {
  return new RiskopsError('DATA_ROW_INVALID', {
    what: `${printable(csv.path)}, ${where}`,
    why,
    fix,
    details,
  });
}

/** A row that has more or fewer fields than the header. */
export function wrongLength(csv: CsvText, row: number, fields: readonly string[]): RiskopsError {
  const [line] = linesOfRows(csv.text, csv.dialect, [row]);
  const expected = csv.names.length;
  const why =
    fields.length < expected
      ? `Nothing is there for column ${fields.length + 1}, "${printable(csv.names[fields.length])}".`
      : `Field ${expected + 1} (${JSON.stringify(printable(fields[expected], 40))}) has no column.`;
  const fix = 'mend the line: a field that holds the delimiter needs double quotes around it';
  const what = `line ${line}: ${fields.length} fields, but the header names ${expected}.`;
  return invalid(csv, what, why, fix, { line, fields: fields.length, expected });
}

/** A quoted field that does not end, or goes on behind its closing quote. */
export function quoteFault(
  csv: CsvText,
  kind: 'unclosed' | 'misplaced',
  { line, column }: { line: number; column: number },
): RiskopsError {
  const name = csv.names[column] ?? `field ${column + 1}`;
  const why =
    kind === 'unclosed'
      ? 'The quote that opens the field is never closed.'
      : 'Behind the closing quote comes neither the delimiter nor the end of the line.';
  const fix = 'close the quote; a quote inside a quoted field is written twice ("")';
  const what = `line ${line}, column "${printable(name)}": the quoting is broken.`;
  return invalid(csv, what, why, fix, { line, column: name });
}
