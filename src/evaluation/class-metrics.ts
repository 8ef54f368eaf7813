import type { Sample, Weights } from './sample.js';

/** The confusion matrix, as weights of rows. */
export interface Confusion {
  truePositive: number;
  falsePositive: number;
  trueNegative: number;
  falseNegative: number;
}

/** Zero where the denominator is zero, as in scikit-learn. */
function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator;
}

function accuracyOf(c: Confusion): number {
  return (
    (c.truePositive + c.trueNegative) / (c.truePositive + c.trueNegative + c.falsePositive + c.falseNegative)
  );
}

/** Mean recall of the classes that occur: with one class it is that class's recall. */
function balancedAccuracyOf(c: Confusion): number {
  const positives = c.truePositive + c.falseNegative;
  const negatives = c.trueNegative + c.falsePositive;
  if (positives === 0) return c.trueNegative / negatives;
  if (negatives === 0) return c.truePositive / positives;
  return (c.truePositive / positives + c.trueNegative / negatives) / 2;
}

function precisionOf(c: Confusion): number {
  return ratio(c.truePositive, c.truePositive + c.falsePositive);
}

function recallOf(c: Confusion): number {
  return ratio(c.truePositive, c.truePositive + c.falseNegative);
}

function f1Of(c: Confusion): number {
  return ratio(2 * c.truePositive, 2 * c.truePositive + c.falsePositive + c.falseNegative);
}

/** The metrics that a decision threshold can be chosen by. */
export const confusionMetrics = {
  accuracy: accuracyOf,
  balanced_accuracy: balancedAccuracyOf,
  precision: precisionOf,
  recall: recallOf,
  f1: f1Of,
} as const;

export type ConfusionMetricName = keyof typeof confusionMetrics;

/** A metric of the classes: class 1 when prediction >= the sample's threshold. */
export function prepareOnClasses(of: (confusion: Confusion) => number) {
  return (sample: Sample): ((weights: Weights) => number) => {
    const { target, predictions, threshold } = sample;
    const cell = Uint8Array.from(
      target,
      (actual, row) => 2 * actual + (predictions[row] >= threshold ? 1 : 0),
    );
    return (weights) => {
      const counts = [0, 0, 0, 0];
      for (let row = 0; row < cell.length; row++) counts[cell[row]] += weights[row];
      const [trueNegative, falsePositive, falseNegative, truePositive] = counts;
      return of({ truePositive, falsePositive, trueNegative, falseNegative });
    };
  };
}
