import { type Ranking, rankRows } from './ranking.js';

/**
 * binary: the target is 0 or 1 and a prediction the probability of 1. multiclass: the target is a class number from 0 and a row's
 * predictions are the probabilities of all classes. regression: both in the target's unit.
 */
export type Task = 'binary' | 'multiclass' | 'regression';

/** How often each row occurs. A plain metric has each row once; a bootstrap resample has whole numbers from 0. */
export type Weights = Float64Array;

export interface SampleOptions {
  /** binary: the class is 1 when prediction >= threshold; 0.5. */
  threshold?: number | null;
  /** regression: the training target in time order, for metrics that are scaled by it. */
  trainingTarget?: Float64Array;
  /** regression: rows in one season of the training target; 1. */
  season?: number;
  /** regression: the quantile that is predicted, between 0 and 1, for `pinball`. */
  quantile?: number;
}

/** The rows that a metric is computed on. */
export interface Sample {
  target: Float64Array;
  /** `outputs` a row, row-major. */
  predictions: Float64Array;
  /** multiclass: how many classes; 1 otherwise. */
  outputs: number;
  threshold: number;
  trainingTarget: Float64Array;
  season: number;
  quantile: number | null;
  /** The rows by ascending prediction; sorted at the first call. */
  ranking(): Ranking;
}

export function makeSample(
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions & { /** Predictions a row; 1. */ outputs?: number } = {},
): Sample {
  const { outputs = 1 } = options;
  if (target.length * outputs !== predictions.length) {
    const each = outputs === 1 ? '' : ` of ${outputs} classes`;
    throw new RangeError(`${predictions.length} predictions for ${target.length} rows${each}`);
  }
  let ranking: Ranking | undefined;
  return {
    target,
    predictions,
    outputs,
    threshold: options.threshold ?? 0.5,
    trainingTarget: options.trainingTarget ?? new Float64Array(0),
    season: options.season ?? 1,
    quantile: options.quantile ?? null,
    ranking: () => (ranking ??= rankRows(predictions)),
  };
}

/** Predictions a row: of a multiclass task as many as fit, of any other 1. */
export function outputsOf(task: Task, target: Float64Array, predictions: Float64Array): number {
  if (task !== 'multiclass' || target.length === 0) return 1;
  return Math.max(1, Math.floor(predictions.length / target.length));
}

/** The row of the first value that is NaN or infinite; -1 when there is none. */
export function firstNonFinite(values: Float64Array): number {
  return values.findIndex((value) => !Number.isFinite(value));
}

/** The mean of one value a row; NaN without rows. */
export function weightedMean(values: Float64Array, weights: Weights): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    sum += weights[row] * values[row];
    total += weights[row];
  }
  return sum / total;
}

/** One value a row, from its target and its prediction. */
export function perRow(sample: Sample, loss: (target: number, prediction: number) => number): Float64Array {
  return sample.target.map((target, row) => loss(target, sample.predictions[row]));
}

/** Of each row the squared distance of prediction and target, or the sum of those of all classes. */
export function squaredErrors({
  target,
  predictions,
  outputs,
}: Pick<Sample, 'target' | 'predictions' | 'outputs'>): Float64Array {
  if (outputs === 1) return target.map((actual, row) => (predictions[row] - actual) ** 2);
  return target.map((actual, row) => {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += (predictions[row * outputs + k] - (k === actual ? 1 : 0)) ** 2;
    return sum;
  });
}
