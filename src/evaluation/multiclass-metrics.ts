import { prepareAuc } from './rank-metrics.js';
import { makeSample, type Sample, squaredErrors, type Weights, weightedMean } from './sample.js';

/** The number of the likeliest class in a row of probabilities; of equally likely ones the first. */
export function likeliestClass(predictions: Float64Array, row: number, classCount: number): number {
  const from = row * classCount;
  let best = 0;
  for (let k = 1; k < classCount; k++) if (predictions[from + k] > predictions[from + best]) best = k;
  return best;
}

/** Log loss in nats: minus the logarithm of the true class's probability, clipped as in the binary one. */
export function prepareClassLogLoss({ target, predictions, outputs }: Sample): (weights: Weights) => number {
  const losses = target.map((actual, row) => {
    const p = predictions[row * outputs + actual];
    return -Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, p)));
  });
  return (weights) => weightedMean(losses, weights);
}

/** Brier's own score of many classes: the squared distances of all probabilities and outcomes, from 0 to 2 (Brier 1950). */
export function prepareClassBrier(sample: Sample): (weights: Weights) => number {
  const losses = squaredErrors(sample);
  return (weights) => weightedMean(losses, weights);
}

/** The share of rows whose likeliest class is the true one. */
export function prepareAccuracy({ target, predictions, outputs }: Sample): (weights: Weights) => number {
  const hits = target.map((actual, row) => (likeliestClass(predictions, row, outputs) === actual ? 1 : 0));
  return (weights) => weightedMean(hits, weights);
}

interface ClassTotals {
  actual: Float64Array;
  predicted: Float64Array;
  hit: Float64Array;
}

/** Adds up by class how much weight is truly of it, predicted as it, and both. */
function totalsCounter({ target, predictions, outputs }: Sample): (weights: Weights) => ClassTotals {
  const found = Int32Array.from(target, (_, row) => likeliestClass(predictions, row, outputs));
  const totals: ClassTotals = {
    actual: new Float64Array(outputs),
    predicted: new Float64Array(outputs),
    hit: new Float64Array(outputs),
  };
  return (weights) => {
    for (const total of Object.values(totals)) total.fill(0);
    for (let row = 0; row < found.length; row++) {
      totals.actual[target[row]] += weights[row];
      totals.predicted[found[row]] += weights[row];
      if (found[row] === target[row]) totals.hit[found[row]] += weights[row];
    }
    return totals;
  };
}

/** The mean over the classes for which `of` is a number; NaN when there is none. */
function macro(classCount: number, of: (k: number) => number): number {
  let sum = 0;
  let classes = 0;
  for (let k = 0; k < classCount; k++) {
    const value = of(k);
    if (Number.isNaN(value)) continue;
    sum += value;
    classes++;
  }
  return sum / classes;
}

/** Mean recall of the classes that occur among the rows. */
export function prepareBalancedAccuracy(sample: Sample): (weights: Weights) => number {
  const count = totalsCounter(sample);
  return (weights) => {
    const { actual, hit } = count(weights);
    return macro(actual.length, (k) => hit[k] / actual[k]);
  };
}

/** F1 of each class against the rest, averaged over the classes that occur or are predicted. */
export function prepareMacroF1(sample: Sample): (weights: Weights) => number {
  const count = totalsCounter(sample);
  return (weights) => {
    const { actual, predicted, hit } = count(weights);
    return macro(actual.length, (k) => (2 * hit[k]) / (actual[k] + predicted[k]));
  };
}

/**
 * Area under the ROC curve of each class against the rest, averaged over the classes that occur (Provost & Domingos 2000 with
 * equal weights, as scikit-learn's `ovr` and `macro`). NaN when the rows have one class.
 */
export function prepareMacroAuc({ target, predictions, outputs }: Sample): (weights: Weights) => number {
  const aucs = Array.from({ length: outputs }, (_, k) => {
    const isClass = target.map((actual) => (actual === k ? 1 : 0));
    const scores = target.map((_actual, row) => predictions[row * outputs + k]);
    return prepareAuc(makeSample(isClass, scores));
  });
  return (weights) => macro(outputs, (k) => aucs[k](weights));
}
