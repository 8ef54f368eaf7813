import { cellValue } from '../datasets/cell-value.js';
import { encodeTable } from '../datasets/encode-table.js';
import { columnOf, takeRows } from '../datasets/table.js';
import type { ClassValue } from '../datasets/target.js';
import { RiskopsError } from '../errors.js';
import { Explainer, type RowExplanation } from '../models/explain/explainer.js';
import type { Explanation } from '../models/learner.js';
import type { Predictor } from '../models/predictor.js';
import type { Store } from '../storage/store.js';
import { readModelRows } from './model-rows.js';
import { choosePredictor } from './score-file.js';

export interface ExplainRequest {
  model: string;
  /** A version's number; the current one when left out. */
  version?: string;
  file: string;
  /** The file's first rows, at most. */
  rows: number;
  /** How many reasons of each row; 3 when left out. */
  top?: number;
}

/** What an answer is made of; for many classes, that of each class. */
export interface ExplainedAnswer {
  /** Of many classes the one that this is about. */
  class?: ClassValue;
  /** What the model says of a row that it knows nothing of. */
  base: number;
  /** `base` plus all contributions: log-odds for two classes, the logarithm of odds for more, the prediction itself for a regression. */
  margin: number;
  /** By feature, as the learner sees them. */
  contributions: Record<string, number>;
}

export interface ExplainedRow {
  /** From 1. */
  row: number;
  /** One a row, or one a class. */
  predictions: number[];
  answers: ExplainedAnswer[];
  /** The answer, or of many classes that of the predicted one, by the features of the signature: as `POST /explain` says it. */
  explanation: RowExplanation;
}

export interface ExplainedFile {
  model: string;
  version: number;
  rows: ExplainedRow[];
  /** Rows in the file. */
  file_rows: number;
}

function answerOf(
  { header, inputs, outputs }: Predictor,
  { base, contributions }: Explanation,
  row: number,
  output: number,
): ExplainedAnswer {
  const from = (row * outputs + output) * inputs.length;
  const own = contributions.subarray(from, from + inputs.length);
  return {
    ...(outputs > 1 ? { class: header.classes?.[output] } : {}),
    base: base[output],
    margin: own.reduce((sum, value) => sum + value, base[output]),
    contributions: Object.fromEntries(inputs.map((name, i) => [name, own[i]])),
  };
}

/**
 * Why a version answers the rows of a file as it does: of each row what every feature adds to the margin, exact for trees and
 * linear models.
 * @throws EXPLANATION_UNAVAILABLE when its learner cannot say; INPUT_INVALID, COLUMN_NOT_FOUND, and as `readTable`
 */
export async function explainFile(
  store: Store,
  { model, version, file, rows: most, top = 3 }: ExplainRequest,
): Promise<ExplainedFile> {
  const { predictor, number } = await choosePredictor(store, model, version);
  const { header, outputs, explainCells } = predictor;
  if (explainCells === undefined) {
    throw new RiskopsError('EXPLANATION_UNAVAILABLE', {
      what: `${model} version ${number} cannot be explained row by row.`,
      why: `Its learner ${header.learner.name} does not say what its answers are made of.`,
      fix: `riskops importance --model ${model} --version ${number}`,
    });
  }
  const explainer = new Explainer(predictor);
  const { signature } = header;
  const { table } = await readModelRows(header, file);
  const count = Math.min(most, table.rowCount);
  const chosen = takeRows(
    table,
    Int32Array.from({ length: count }, (_, row) => row),
  );
  const cells = encodeTable(chosen, signature);
  const predictions = predictor.predictCells(cells, count);
  const explanation = explainer.explainCells(cells, count);
  const givenIn = (row: number) => (feature: string) => cellValue(columnOf(chosen, feature), row);
  return {
    model,
    version: number,
    file_rows: table.rowCount,
    rows: Array.from({ length: count }, (_, row) => ({
      row: row + 1,
      predictions: [...predictions.subarray(row * outputs, (row + 1) * outputs)],
      answers: Array.from({ length: outputs }, (_, output) => answerOf(predictor, explanation, row, output)),
      explanation: explainer.explainRow(
        explanation,
        row,
        predictions.subarray(row * outputs, (row + 1) * outputs),
        { top, given: givenIn(row) },
      ),
    })),
  };
}
