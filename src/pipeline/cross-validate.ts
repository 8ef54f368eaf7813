import type { Parts } from '../datasets/split-rule.js';
import { type Metric, measure } from '../evaluation/metrics.js';
import { chooseThreshold } from '../evaluation/threshold.js';
import { type FitPlan, fitOnRows, predictRows } from './fit-model.js';
import type { PreparedData } from './prepare-data.js';

/** The rows of a fold that were predicted by a model which did not see them. */
export interface FoldScores {
  train: Int32Array;
  test: Int32Array;
  /** The target of the test rows. */
  y: Float64Array;
  /** Rows x outputs. */
  predictions: Float64Array;
  /** binary: chosen on the predictions of other folds, of those before it where folds go forward in time. */
  threshold: number | null;
}

export interface CrossValidateOptions {
  /** Folds go forward in time: nothing of a later fold may decide about an earlier one. */
  forward: boolean;
  /** Told when so many folds are done. */
  onFold?: (done: number, of: number) => void;
}

/** Numbers (rows x features) up to which folds are fitted side by side: each needs a copy of its rows. */
const MOST_AT_ONCE = 20_000_000;

/**
 * Fits on the training rows of each fold, and predicts its test rows. Folds are fitted side by side where there are threads for it; the
 * result is the same for any number of them.
 */
export async function crossValidate(
  data: PreparedData,
  folds: readonly Parts[],
  plan: FitPlan,
  { forward, onFold = () => {} }: CrossValidateOptions,
): Promise<FoldScores[]> {
  const { threads, signal } = plan.context;
  const isLarge = data.table.rowCount * data.features.length > MOST_AT_ONCE;
  const lanes = isLarge ? 1 : Math.max(1, Math.min(threads, folds.length));
  const stop = new AbortController();
  const context = {
    ...plan.context,
    threads: Math.max(1, Math.floor(threads / lanes)),
    onStep: undefined,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
  };
  const scored: FoldScores[] = [];
  const faults: unknown[] = [];
  let [next, done] = [0, 0];
  const lane = async () => {
    while (next < folds.length && faults.length === 0) {
      const fold = next++;
      const { train, test } = folds[fold];
      const fitted = await fitOnRows(data, train, { ...plan, context });
      const y = Float64Array.from(test, (row) => data.target.y[row]);
      scored[fold] = { train, test, y, predictions: predictRows(fitted, data, test), threshold: null };
      onFold(++done, folds.length);
      signal?.throwIfAborted();
    }
  };
  // A fold that fails takes the others with it, and they have ended when this throws.
  const guarded = () =>
    lane().catch((error) => {
      faults.push(error);
      stop.abort();
    });
  await Promise.all(Array.from({ length: lanes }, guarded));
  if (faults.length > 0) throw faults[0];
  return data.target.task === 'binary' ? withThresholds(scored, forward) : scored;
}

/** Each fold's threshold is the one with the greatest balanced accuracy on other folds; 0.5 where there is none to choose on. */
function withThresholds(folds: FoldScores[], forward: boolean): FoldScores[] {
  return folds.map((fold, i) => {
    const others = forward ? folds.slice(0, i) : folds.filter((other) => other !== fold);
    const [y, predictions] = [joined(others, 'y'), joined(others, 'predictions')];
    if (!y.some((label) => label !== y[0])) return { ...fold, threshold: 0.5 };
    return {
      ...fold,
      threshold: chooseThreshold(y, predictions, { maximise: 'balanced_accuracy' }).threshold,
    };
  });
}

/** One column of all folds, one after the other. */
function joined(folds: readonly FoldScores[], key: 'y' | 'predictions'): Float64Array {
  return Float64Array.from(folds.flatMap((fold) => Array.from(fold[key])));
}

/**
 * One metric of each fold.
 * @param oneSeries rows are one series in time order, which metrics that are scaled by its past need
 * @param quantile the quantile that is predicted, where one is
 */
export function measureFolds(
  metric: Metric,
  { target }: Pick<PreparedData, 'target'>,
  folds: readonly FoldScores[],
  oneSeries: boolean,
  quantile?: number,
): number[] {
  return folds.map(({ train, y, predictions, threshold }) =>
    measure(metric, y, predictions, {
      threshold,
      quantile,
      ...(oneSeries ? { trainingTarget: Float64Array.from(train, (row) => target.y[row]) } : {}),
    }),
  );
}
