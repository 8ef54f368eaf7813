import { formatDate } from '../datasets/dates.js';
import { encodeRows } from '../datasets/encode-rows.js';
import type { Feature, Signature } from '../datasets/signature.js';
import { seededRandom } from '../util/random.js';
import type { Task } from './learner.js';
import { modelFileFault } from './saved-model.js';

/** Rows that a model file keeps with their predictions, as JSON values in the order of the signature. */
export interface GoldenRows {
  rows: unknown[][];
  /** One a row; of a multiclass model one a class, row by row. */
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

const DAY = 86_400_000;

/** The rows as one series, each a step after the one before: a group's name is not kept, and a model may look at the rows before. */
function placeRow(features: readonly Feature[], row: readonly unknown[], index: number): unknown[] {
  return row.map((value, i) => {
    const { role, type, min = 0 } = features[i];
    if (role !== 'time' && role !== 'group') return value;
    if (type === 'category') return 'series';
    if (type === 'boolean') return true;
    const [from, step] = role === 'time' ? [min, index] : [0, 0];
    if (type === 'date') return formatDate(Math.round(from + step * DAY));
    const at = from + step * Math.max(1, Math.abs(from) * 1e-6);
    return type === 'integer' ? Math.round(at) : at;
  });
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
 * categories that training never saw. Where rows have an order they are one series, from the first whole row on.
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
  const whole = [
    features.map((feature) => valueAt(feature, 0)),
    features.map((feature) => valueAt(feature, 1)),
    draw(),
    draw(),
    draw(),
    draw(),
  ];
  const odd = [features.map(() => null), sparse, unseen];
  return {
    whole: whole.map((row, i) => placeRow(features, row, i)),
    odd: odd.map((row, i) => placeRow(features, row, whole.length + i)),
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

/** How far the probabilities of a row may be from 1 together. */
const SUM_TOLERANCE = 1e-6;

/** Whether the numbers of a row can be an answer: finite, for classes probabilities, and for many classes all of them. */
export function isAnswer(answer: ArrayLike<number>, task: Task): boolean {
  let sum = 0;
  for (let k = 0; k < answer.length; k++) {
    if (!Number.isFinite(answer[k]) || (task !== 'regression' && (answer[k] < 0 || answer[k] > 1)))
      return false;
    sum += answer[k];
  }
  return task !== 'multiclass' || Math.abs(sum - 1) <= SUM_TOLERANCE;
}

/**
 * The golden rows of a model whose answers build on the rows before: those it can answer as one series, without those it cannot.
 */
export function answerSeries(
  rows: readonly unknown[][],
  predict: (rows: readonly unknown[][]) => Float64Array,
  task: Task,
): GoldenRows {
  let kept = rows;
  while (kept.length > 0) {
    const predictions = predict(kept);
    const outputs = predictions.length / kept.length;
    const answered = kept.filter((_, row) =>
      isAnswer(predictions.subarray(row * outputs, (row + 1) * outputs), task),
    );
    if (answered.length === kept.length) return { rows: [...kept], predictions: [...predictions] };
    kept = answered;
  }
  return { rows: [], predictions: [] };
}

/**
 * Compares predictions of the golden rows with those on record.
 * @throws MODEL_FILE_INVALID naming the first row that differs
 */
export function compareGolden(
  predictions: Float64Array,
  { rows, predictions: recorded }: GoldenRows,
  task: Task,
): void {
  const outputs = recorded.length / rows.length;
  for (let row = 0; row < rows.length; row++) {
    const found = predictions.subarray(row * outputs, (row + 1) * outputs);
    if (found.length < outputs || !isAnswer(found, task))
      throw modelFileFault(`it predicts ${found.join(', ')} for golden row ${row}`);
    for (const [k, value] of found.entries()) {
      const wanted = recorded[row * outputs + k];
      if (!(Math.abs(value - wanted) <= TOLERANCE * Math.abs(wanted)))
        throw modelFileFault(`it predicts ${value} for golden row ${row}, where ${wanted} is on record`);
    }
  }
}
