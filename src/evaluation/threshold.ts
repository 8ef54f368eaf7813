import { RiskopsError } from '../errors.js';
import { type Confusion, type ConfusionMetricName, confusionMetrics } from './class-metrics.js';
import { rankRows } from './ranking.js';

export interface ChosenThreshold {
  /** The class is 1 when prediction >= threshold. */
  threshold: number;
  /** The metric at this threshold, on the rows it was chosen on. */
  value: number;
}

/** Half-way, so that a rounding error in a prediction moves no row to the other class; never `lower` itself. */
function between(lower: number, upper: number): number {
  const middle = (lower + upper) / 2;
  return middle > lower ? middle : upper;
}

/** A cut with the confusion matrix that it makes is rated by this; the greatest wins. */
type Rate = (confusion: Confusion) => number;

/** Of equal values the threshold nearest to one half wins, and of two equally near the higher. */
function isBetter(candidate: ChosenThreshold, best: ChosenThreshold): boolean {
  if (candidate.value !== best.value) return candidate.value > best.value;
  const nearer = Math.abs(best.threshold - 0.5) - Math.abs(candidate.threshold - 0.5);
  return nearer === 0 ? candidate.threshold > best.threshold : nearer > 0;
}

/**
 * The best of every cut between two neighbouring distinct probabilities and the two cuts that put all rows into one class; one sort and
 * one pass.
 */
function bestThreshold(target: Float64Array, predictions: Float64Array, measureOf: Rate): ChosenThreshold {
  const { rows, ends, scores } = rankRows(predictions);
  const positives = target.reduce((sum, label) => sum + label, 0);
  const confusion: Confusion = {
    truePositive: positives,
    falsePositive: target.length - positives,
    trueNegative: 0,
    falseNegative: 0,
  };
  let best: ChosenThreshold = { threshold: between(0, scores[0]), value: measureOf(confusion) };
  for (let group = 0, i = 0; group < ends.length; group++) {
    for (; i < ends[group]; i++) {
      const label = target[rows[i]];
      confusion.truePositive -= label;
      confusion.falseNegative += label;
      confusion.falsePositive -= 1 - label;
      confusion.trueNegative += 1 - label;
    }
    const upper = group + 1 < scores.length ? scores[group + 1] : 1;
    // With a prediction of exactly 1, no threshold puts every row into class 0.
    if (scores[group] >= upper) continue;
    const candidate = { threshold: between(scores[group], upper), value: measureOf(confusion) };
    if (isBetter(candidate, best)) best = candidate;
  }
  return best;
}

/**
 * The threshold with the greatest value of a metric. `target` is 0 or 1; choose it on rows that neither trained the model nor judge it.
 */
export function chooseThreshold(
  target: Float64Array,
  predictions: Float64Array,
  options: { maximise: ConfusionMetricName },
): ChosenThreshold {
  return bestThreshold(target, predictions, confusionMetrics[options.maximise]);
}

/** What a wrong answer costs; a right one costs nothing. */
export interface Costs {
  /** Of a row of class 0 that is called 1. */
  falsePositive: number;
  /** Of a row of class 1 that is called 0. */
  falseNegative: number;
}

export interface CostThreshold {
  /** The class is 1 when prediction >= threshold. */
  threshold: number;
  /** Of all rows together at this threshold. */
  cost: number;
}

/**
 * The threshold of least cost on these rows, exact over all thresholds from 0 to 1; of equal costs the one nearest to one half. With
 * probabilities that are right it comes near falsePositive / (falsePositive + falseNegative) (Elkan 2001).
 * @param target 0 or 1; the rows may be of one class
 * @throws OPTION_INVALID for costs that are negative, not finite or both 0
 */
export function costThreshold(
  target: Float64Array,
  predictions: Float64Array,
  { falsePositive, falseNegative }: Costs,
): CostThreshold {
  const isCost = (cost: number) => Number.isFinite(cost) && cost >= 0;
  if (!isCost(falsePositive) || !isCost(falseNegative) || falsePositive + falseNegative === 0) {
    throw new RiskopsError('OPTION_INVALID', {
      what: `The costs ${falsePositive} and ${falseNegative} decide nothing.`,
      why: 'The cost of a false positive and that of a false negative are numbers from 0, and one of them is more.',
    });
  }
  if (target.length === 0) return { threshold: falsePositive / (falsePositive + falseNegative), cost: 0 };
  const costOf = (confusion: Confusion) =>
    falsePositive * confusion.falsePositive + falseNegative * confusion.falseNegative;
  const { threshold, value } = bestThreshold(target, predictions, (confusion) => -costOf(confusion));
  return { threshold, cost: 0 - value };
}
