import { formatDate } from '../datasets/dates.js';
import { encodeRows } from '../datasets/encode-rows.js';
import type { Feature, Signature } from '../datasets/signature.js';
import { seededRandom } from '../util/random.js';
import { modelFileFault } from './saved-model.js';

/** Rows that a model file keeps with their predictions, as JSON values in the order of the signature. */
export interface GoldenRows {
  rows: unknown[][];
  predictions: number[];
}

export const MOST_GOLDEN_ROWS = 64;

/**
 * How far a golden prediction may be from the one on record, relative to it. Sums and products are the same on every
 * machine, to the last bit; Math.exp may differ in its last bit from one version of Node to another.
 */
const TOLERANCE = 1e-12;

/** A value between the least and the greatest that training saw. */
function valueWithin({ min, max }: Feature, at: number): number | null {
  if (min === undefined || max === undefined) return null;
  return Math.min(max, Math.max(min, min * (1 - at) + max * at));
}

/** A value of the feature; `at` in [0, 1] goes through its range or its categories. */
function valueAt(feature: Feature, at: number): unknown {
  const { type, categories = [] } = feature;
  if (type === 'category')
    return categories[Math.min(categories.length - 1, Math.floor(at * categories.length))] ?? null;
  if (type === 'boolean') return at >= 0.5;
  const value = valueWithin(feature, at);
  if (value === null || type === 'number') return value;
  return type === 'date' ? formatDate(Math.round(value)) : Math.round(value);
}

/** Text that is none of the feature's categories. */
function unseenCategory({ categories = [] }: Feature): string {
  let text = '(unseen)';
  while (categories.includes(text)) text = `(${text})`;
  return text;
}

/**
 * Rows to prove a model with, drawn from the ranges and categories of its signature, never from data. `whole` are two
 * corners and four rows in between; `odd` have nothing but missing values, a missing value here and there, and
 * categories that training never saw.
 */
export function makeGoldenRows(
  { features }: Signature,
  seed: number,
): { whole: unknown[][]; odd: unknown[][] } {
  const random = seededRandom(seed);
  const draw = () => features.map((feature) => valueAt(feature, random()));
  const sparse = draw().map((value) => (random() < 0.5 ? null : value));
  const unseen = draw().map((value, i) =>
    features[i].type === 'category' ? unseenCategory(features[i]) : value,
  );
  return {
    whole: [
      features.map((feature) => valueAt(feature, 0)),
      features.map((feature) => valueAt(feature, 1)),
      draw(),
      draw(),
      draw(),
      draw(),
    ],
    odd: [features.map(() => null), sparse, unseen],
  };
}

/** The cells of golden rows, read as serving reads a request. */
export function encodeGoldenRows(rows: readonly unknown[][], signature: Signature): Float64Array {
  const { cells, problems } = encodeRows(rows, signature);
  if (problems.length === 0) return cells;
  const [{ row, feature, got, expected }] = problems;
  throw modelFileFault(
    `golden row ${row} does not fit the signature at "${feature}": ${got} in place of ${expected}`,
  );
}

/** Whether a number can be an answer: finite, and for a binary task a probability. */
export function isAnswer(prediction: number, task: 'binary' | 'regression'): boolean {
  return Number.isFinite(prediction) && (task === 'regression' || (prediction >= 0 && prediction <= 1));
}

/**
 * Compares predictions of the golden rows with those on record.
 * @throws MODEL_FILE_INVALID naming the first row that differs
 */
export function compareGolden(
  predictions: Float64Array,
  recorded: readonly number[],
  task: 'binary' | 'regression',
): void {
  for (const [row, wanted] of recorded.entries()) {
    const found = predictions[row];
    if (!isAnswer(found, task)) throw modelFileFault(`it predicts ${found} for golden row ${row}`);
    if (!(Math.abs(found - wanted) <= TOLERANCE * Math.abs(wanted))) {
      throw modelFileFault(`it predicts ${found} for golden row ${row}, where ${wanted} is on record`);
    }
  }
}
