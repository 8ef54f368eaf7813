import type { Task } from './sample.js';

export interface Baseline {
  name: string;
  /** One prediction for each holdout row. */
  predictions: Float64Array;
}

export interface BaselineRows {
  trainingTarget: Float64Array;
  holdoutTarget: Float64Array;
  /**
   * True when both targets are one series in time order and the holdout follows the training rows. Rows of many
   * things at the same time (a panel) are not one series.
   */
  inTimeOrder?: boolean;
}

type MakeBaseline = (rows: BaselineRows) => Float64Array;

function constant(value: (trainingTarget: Float64Array) => number): MakeBaseline {
  return ({ trainingTarget, holdoutTarget }) =>
    new Float64Array(holdoutTarget.length).fill(value(trainingTarget));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean of the two middle values when their number is even. */
function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function last(values: Float64Array): number {
  return values[values.length - 1];
}

/** Walk-forward persistence: each row is predicted by the true value of the row before it. */
function previousValues({ trainingTarget, holdoutTarget }: BaselineRows): Float64Array {
  return holdoutTarget.map((_, row) => (row === 0 ? last(trainingTarget) : holdoutTarget[row - 1]));
}

const always: Record<Task, Record<string, MakeBaseline>> = {
  binary: { prior: constant(mean) },
  regression: { mean: constant(mean), median: constant(median) },
};

const inTimeOrderOnly: Record<Task, Record<string, MakeBaseline>> = {
  binary: {},
  regression: { 'last value': constant(last), 'previous value': previousValues },
};

/** The names that `naiveBaselines` can give for a task; some only for a holdout in time order. */
export function baselineNames(task: Task): string[] {
  return [...Object.keys(always[task]), ...Object.keys(inTimeOrderOnly[task])];
}

/**
 * What a model has to beat before anyone hears of it, made from the training target alone. binary: the share of
 * positives. regression: mean and median, and in time order the last training value and the value before each row.
 */
export function naiveBaselines(task: Task, rows: BaselineRows): Baseline[] {
  const makers = rows.inTimeOrder ? { ...always[task], ...inTimeOrderOnly[task] } : always[task];
  return Object.entries(makers).map(([name, make]) => ({ name, predictions: make(rows) }));
}
