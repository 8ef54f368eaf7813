import { csvCell } from '../../datasets/csv-cell.js';
import type { RiskopsError } from '../../errors.js';
import { toJson } from '../../util/json.js';
import { printable } from '../../util/text.js';
import { reasonOf } from '../answer-error.js';
import type { ServedModel } from '../served-model.js';
import type { StreamFormat } from './accept.js';
import type { RowAnswer } from './predict-batch.js';

/** What a stream came to. */
export interface StreamTotals {
  rows: number;
  predicted: number;
  failed: number;
  warning_count: number;
}

/** Writes the answers of a stream as lines, each with its line end. */
export interface AnswerWriter {
  contentType: string;
  /** What stands before the first row's line. */
  head(): string;
  line(row: number, answer: RowAnswer): string;
  /** The last line of a stream that was answered to its end; `failure` says why it was not. */
  end(totals: StreamTotals, failure: RiskopsError | null): string;
}

function errorOf(error: RiskopsError, row: number | null) {
  const { code, details } = error;
  const problems = (details as { problems?: object[] } | undefined)?.problems;
  const isListed = row !== null && Array.isArray(problems);
  return {
    code,
    message: reasonOf(error),
    ...(isListed ? { problems: problems.map((problem) => ({ ...problem, row })) } : {}),
  };
}

function ndjsonWriter({ name, entry, header }: ServedModel): AnswerWriter {
  const facts = { model: name, version: entry.version, run_id: entry.run_id };
  const { threshold } = header;
  return {
    contentType: 'application/x-ndjson; charset=utf-8',
    head: () => '',
    line(row, answered) {
      if ('error' in answered) return `${toJson({ row, error: errorOf(answered.error, row) })}\n`;
      const { answer, warnings } = answered;
      return `${toJson({ row, ...answer, ...(warnings.length === 0 ? {} : { warnings }) })}\n`;
    },
    end: (totals, failure) =>
      `${toJson({
        done: failure === null,
        ...facts,
        ...(threshold === null ? {} : { threshold }),
        ...totals,
        ...(failure === null ? {} : { error: errorOf(failure, null) }),
      })}\n`,
  };
}

function csvWriter({ header: { classes, task } }: ServedModel): AnswerWriter {
  const names = task === 'multiclass' ? (classes ?? []).map(String) : [];
  const columns = ['row', 'prediction_id', 'prediction', ...(classes === null ? [] : ['class'])];
  const all = [...columns, ...names.map((name) => `probability_${name}`), 'error'];
  const lineOf = (cells: (string | number | null)[]) => `${cells.map(csvCell).join(',')}\n`;
  const blank = (count: number) => Array<null>(count).fill(null);
  const textOf = (value: string | number | boolean) => (typeof value === 'boolean' ? String(value) : value);
  const refused = (row: number | null, error: RiskopsError) =>
    lineOf([row, ...blank(all.length - 2), printable(`${error.code}: ${reasonOf(error)}`, 1000)]);
  return {
    contentType: 'text/csv; charset=utf-8; header=present',
    head: () => lineOf(all),
    line(row, answered) {
      if ('error' in answered) return refused(row, answered.error);
      const { prediction_id, prediction, class: called = null, probabilities } = answered.answer;
      return lineOf([
        ...[row, prediction_id, textOf(prediction)],
        ...(classes === null ? [] : [called === null ? null : textOf(called)]),
        ...names.map((name) => probabilities?.[name] ?? null),
        null,
      ]);
    },
    end: (_totals, failure) => (failure === null ? '' : refused(null, failure)),
  };
}

export const answerWriter = (format: StreamFormat, model: ServedModel): AnswerWriter =>
  format === 'csv' ? csvWriter(model) : ndjsonWriter(model);
