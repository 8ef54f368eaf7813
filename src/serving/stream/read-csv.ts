import {
  DEFAULT_MISSING_MARKS,
  fitsNumeric,
  type Marks,
  marksOf,
  parseNumber,
} from '../../datasets/cells.js';
import type { Feature, Signature } from '../../datasets/signature.js';
import { RiskopsError } from '../../errors.js';
import { printable, suggestWord } from '../../util/text.js';
import { type FieldProblem, invalidFields, nameFew } from '../problems.js';
import { csvFields, csvHeader } from './csv-fields.js';
import type { RowReader } from './row-reader.js';

/** A cell's text as the value that JSON would have; a text that is no number stays text, and the encoder refuses it. */
function jsonOf({ type }: Feature, text: string, { words }: Marks): unknown {
  if (type !== 'number' && type !== 'integer') return text.trim() === '' ? null : text;
  const cell = text.trim();
  if (words.has(cell)) return null;
  return fitsNumeric(cell, type) ? parseNumber(cell) : text;
}

/** One fault is told as it is, of many those features are named that have it not. */
function badHeader(problems: readonly FieldProblem[]): RiskopsError {
  const what = 'The header of the CSV does not fit the model.';
  if (problems.length === 1) return invalidFields(what, problems);
  const why = `These features have not one column each: ${nameFew(problems.map(({ field }) => field))}.`;
  return new RiskopsError('VALIDATION_ERROR', { what, why, details: { problems } });
}

/** @throws RiskopsError VALIDATION_ERROR that names every feature that has not one column */
function checkColumns(features: readonly Feature[], names: readonly string[]): void {
  const problems = features.flatMap(({ name }): FieldProblem[] => {
    const count = names.filter((other) => other === name).length;
    if (count === 1) return [];
    const field = printable(name, 80);
    const found = names.filter((other) => other !== '').map((other) => printable(other, 40));
    return [
      { field, problem: count > 1 ? 'has two columns' : `has no column; ${suggestWord(field, found)}` },
    ];
  });
  if (problems.length > 0) throw badHeader(problems);
}

/**
 * Rows as CSV with a header; columns that are no feature are left out. The delimiter is the one of comma, semicolon, tab and bar by
 * which the header names the most features.
 */
export function csvReader({ features, missing }: Signature): RowReader {
  const marks = marksOf(missing ?? DEFAULT_MISSING_MARKS);
  const wanted = new Set(features.map(({ name }) => name));
  let delimiter = ',';
  let width = 0;
  let columns: { feature: Feature; at: number }[] | null = null;
  const refuse = (why: string) => ({
    error: new RiskopsError('BODY_INVALID', { what: 'The record does not fit the header of the CSV.', why }),
  });
  return {
    quotes: true,
    read(record) {
      if (record.trim() === '') return null;
      if (columns === null) {
        const header = csvHeader(record, wanted);
        checkColumns(features, header.names);
        delimiter = header.delimiter;
        width = header.names.length;
        columns = features.map((feature) => ({ feature, at: header.names.indexOf(feature.name) }));
        return null;
      }
      const fields = csvFields(record, delimiter);
      if (fields === null) return refuse('A quote does not end where its field ends.');
      if (fields.length !== width) return refuse(`It has ${fields.length} fields, and the header ${width}.`);
      const value: Record<string, unknown> = {};
      // A feature may have any name, and is the row's own property all the same.
      for (const { feature, at } of columns)
        Object.defineProperty(value, feature.name, {
          value: jsonOf(feature, fields[at], marks),
          enumerable: true,
        });
      return { value };
    },
  };
}
