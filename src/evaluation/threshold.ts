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

/** Of equal values the threshold nearest to one half wins, and of two equally near the higher. */
function isBetter(candidate: ChosenThreshold, best: ChosenThreshold): boolean {
  if (candidate.value !== best.value) return candidate.value > best.value;
  const nearer = Math.abs(best.threshold - 0.5) - Math.abs(candidate.threshold - 0.5);
  return nearer === 0 ? candidate.threshold > best.threshold : nearer > 0;
}

/**
 * The threshold with the greatest value of a metric, over every cut between two neighbouring distinct probabilities
 * and the two cuts that put all rows into one class; one sort and one pass. `target` is 0 or 1; choose it on rows
 * that neither trained the model nor judge it.
 */
export function chooseThreshold(
  target: Float64Array,
  predictions: Float64Array,
  options: { maximise: ConfusionMetricName },
): ChosenThreshold {
  const measureOf = confusionMetrics[options.maximise];
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
