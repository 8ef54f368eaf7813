import { evaluate, type Metric, measure, metricsFor } from '../evaluation/metrics.js';
import { sliceMetrics } from '../evaluation/slices.js';
import { summariseValues } from '../evaluation/summary.js';
import type { Task } from '../models/learner.js';
import type { FoldScores } from './cross-validate.js';
import { baselinesOf, type RowOrder } from './evaluate-order.js';
import type { PreparedData } from './prepare-data.js';

/** A metric with what is known of its spread, at 95 %. */
export interface MeasuredMetric {
  metric: string;
  direction: Metric['direction'];
  /** Over the folds; of one holdout the metric itself. null when it cannot be computed. */
  mean: number | null;
  /** Over the folds; null for a holdout. */
  sd: number | null;
  lower: number | null;
  upper: number | null;
  /** Folds in which it cannot be computed. */
  left_out: number;
}

export interface MeasuredFold {
  train_rows: number;
  test_rows: number;
  threshold: number | null;
  metrics: Record<string, number>;
}

/** A naive prediction in the deciding metric, the mean over the folds. */
export interface MeasuredBaseline {
  name: string;
  value: number | null;
}

export function measureFold(
  { target }: Pick<PreparedData, 'target'>,
  fold: FoldScores,
  { oneSeries }: RowOrder,
  quantile: number | undefined,
): MeasuredFold {
  const { train, test, y, predictions, threshold } = fold;
  const options = {
    threshold,
    quantile,
    ...(oneSeries ? { trainingTarget: Float64Array.from(train, (row) => target.y[row]) } : {}),
  };
  return {
    train_rows: train.length,
    test_rows: test.length,
    threshold,
    metrics: evaluate(target.task, y, predictions, options),
  };
}

/**
 * Mean and spread of each metric over folds. Folds share training rows, so their metrics are no independent draws: the t interval of the
 * mean is widened by the corrected variance (1 / k + test rows / training rows) sd^2 of Nadeau & Bengio (Inference for the
 * Generalization Error, Machine Learning 52, 2003).
 */
export function summariseFolds(task: Task, folds: readonly MeasuredFold[]): MeasuredMetric[] {
  const mean = (key: 'train_rows' | 'test_rows') =>
    folds.reduce((sum, fold) => sum + fold[key] / folds.length, 0);
  const ratio = mean('test_rows') / mean('train_rows');
  // A mean over the folds that happen to have a metric would be one of other rows.
  const shared = directionsOf(task, folds[0].metrics).filter(({ name }) =>
    folds.every(({ metrics }) => name in metrics),
  );
  return shared.map(({ name, direction }) => {
    const {
      mean: value,
      sd,
      interval,
      n,
      left_out,
    } = summariseValues(folds.map(({ metrics }) => metrics[name]));
    const half = interval && (interval.upper - (value as number)) * Math.sqrt(1 + n * ratio);
    return {
      metric: name,
      direction,
      mean: value,
      sd,
      lower: half && (value as number) - half,
      upper: half && (value as number) + half,
      left_out,
    };
  });
}

function directionsOf(task: Task, values: Record<string, number>): Metric[] {
  return metricsFor(task, { trainingTarget: new Float64Array(0), quantile: 0.5 }).filter(
    ({ name }) => name in values,
  );
}

/** Resamples: fewer where rows are many, since each looks at all of them. */
const resamplesFor = (rows: number) => Math.min(1000, Math.max(200, Math.round(10_000_000 / rows)));

/** Each metric of one set of rows with its interval by the bootstrap of the rows, in blocks where they have times. */
export function summariseRows(
  task: Task,
  fold: MeasuredFold,
  { y, predictions, threshold }: Pick<FoldScores, 'y' | 'predictions' | 'threshold'>,
  { times, quantile }: { times: Float64Array | null; quantile: number | undefined },
): MeasuredMetric[] {
  const all = new Array<string>(y.length).fill('all');
  const resamples = resamplesFor(y.length);
  const options = { threshold, quantile, resamples, ...(times === null ? {} : { times }) };
  const [{ intervals }] = sliceMetrics(task, y, predictions, all, options);
  return directionsOf(task, fold.metrics).map(({ name, direction }) => {
    const value = fold.metrics[name];
    const isKnown = Number.isFinite(value);
    return {
      metric: name,
      direction,
      mean: isKnown ? value : null,
      sd: null,
      lower: intervals?.[name]?.lower ?? null,
      upper: intervals?.[name]?.upper ?? null,
      left_out: isKnown ? 0 : 1,
    };
  });
}

/** The naive predictions beside the model, in one metric; the best first. */
export function measureBaselines(
  metric: Metric,
  data: Pick<PreparedData, 'target'>,
  folds: readonly FoldScores[],
  order: RowOrder,
  quantile: number | undefined,
): MeasuredBaseline[] {
  const values = new Map<string, number[]>();
  for (const fold of folds) {
    const trainingTarget = order.oneSeries
      ? Float64Array.from(fold.train, (row) => data.target.y[row])
      : undefined;
    for (const { name, predictions } of baselinesOf(data, fold, order, quantile)) {
      const found = measure(metric, fold.y, predictions, { trainingTarget, quantile });
      values.set(name, [...(values.get(name) ?? []), found]);
    }
  }
  const worse = metric.direction === 'less' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const sign = metric.direction === 'less' ? 1 : -1;
  return [...values]
    .map(([name, found]) => ({ name, value: summariseValues(found).mean }))
    .sort((a, b) => sign * ((a.value ?? worse) - (b.value ?? worse)));
}
