import type { TargetTask } from '../datasets/target.js';
import { quantile } from '../evaluation/quantile.js';

/** Where the values of a column lie. */
export interface Spread {
  mean: number;
  least: number;
  q05: number;
  q25: number;
  median: number;
  q75: number;
  q95: number;
  greatest: number;
}

/** How the scores of one version differ from those of another on the same rows. */
export interface ScoreShift {
  score: 'probability' | 'value' | 'probability of the class that was answered';
  mean_before: number;
  mean_after: number;
  /** After less before. */
  difference: Spread;
  /** Pearson's; null where one of them gives every row the same score, and below two rows. */
  correlation: number | null;
}

const SCORES: Record<TargetTask, ScoreShift['score']> = {
  binary: 'probability',
  regression: 'value',
  multiclass: 'probability of the class that was answered',
};

/** What the scores of a task are. */
export const scoreOf = (task: TargetTask): ScoreShift['score'] => SCORES[task];

const meanOf = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param values at least one */
export function spreadOf(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  return {
    mean: meanOf(values),
    least: sorted[0],
    q05: quantile(sorted, 0.05),
    q25: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q75: quantile(sorted, 0.75),
    q95: quantile(sorted, 0.95),
    greatest: sorted[sorted.length - 1],
  };
}

/** Pearson's correlation, from deviations: sums of squares would lose it where values are large and near each other. */
function correlationOf(a: Float64Array, b: Float64Array): number | null {
  if ([a, b].some((values) => values.every((value) => value === values[0]))) return null;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (let row = 0; row < a.length; row++) {
    const [da, db] = [a[row] - meanA, b[row] - meanB];
    both += da * db;
    ofA += da * da;
    ofB += db * db;
  }
  const found = both / Math.sqrt(ofA * ofB);
  return Number.isFinite(found) ? Math.min(1, Math.max(-1, found)) : null;
}

/** Null without a row. */
export function describeShift(
  task: TargetTask,
  before: Float64Array,
  after: Float64Array,
): ScoreShift | null {
  if (before.length === 0) return null;
  return {
    score: scoreOf(task),
    mean_before: meanOf(before),
    mean_after: meanOf(after),
    difference: spreadOf(after.map((value, row) => value - before[row])),
    correlation: correlationOf(before, after),
  };
}
