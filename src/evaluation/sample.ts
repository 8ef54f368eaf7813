import { type Ranking, rankRows } from './ranking.js';

/** binary: the target is 0 or 1 and a prediction the probability of 1. regression: both in the target's unit. */
export type Task = 'binary' | 'regression';

/** How often each row occurs. A plain metric has each row once; a bootstrap resample has whole numbers from 0. */
export type Weights = Float64Array;

export interface SampleOptions {
  /** binary: the class is 1 when prediction >= threshold; 0.5. */
  threshold?: number | null;
  /** regression: the training target in time order, for metrics that are scaled by it. */
  trainingTarget?: Float64Array;
  /** regression: rows in one season of the training target; 1. */
  season?: number;
}

/** The rows that a metric is computed on. */
export interface Sample {
  target: Float64Array;
  predictions: Float64Array;
  threshold: number;
  trainingTarget: Float64Array;
  season: number;
  /** The rows by ascending prediction; sorted at the first call. */
  ranking(): Ranking;
}

export function makeSample(
  target: Float64Array,
  predictions: Float64Array,
  options: SampleOptions = {},
): Sample {
  if (target.length !== predictions.length) {
    throw new RangeError(`${predictions.length} predictions for ${target.length} rows`);
  }
  let ranking: Ranking | undefined;
  return {
    target,
    predictions,
    threshold: options.threshold ?? 0.5,
    trainingTarget: options.trainingTarget ?? new Float64Array(0),
    season: options.season ?? 1,
    ranking: () => (ranking ??= rankRows(predictions)),
  };
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
