import type { Sample, Weights } from './sample.js';

/** Weight of the positives and of all rows in each group of equal scores, lowest score first. */
interface Groups {
  positives: Float64Array;
  all: Float64Array;
  positiveTotal: number;
  total: number;
}

/** Adds up weights by group, without a branch on the label: this is the inner loop of a bootstrap. */
function groupCounter(sample: Sample): (weights: Weights) => Groups {
  const { rows, ends } = sample.ranking();
  const labels = Float64Array.from(rows, (row) => sample.target[row]);
  const positives = new Float64Array(ends.length);
  const all = new Float64Array(ends.length);
  return (weights) => {
    let positiveTotal = 0;
    let total = 0;
    for (let group = 0, i = 0; group < ends.length; group++) {
      let positive = 0;
      let sum = 0;
      for (const end = ends[group]; i < end; i++) {
        const weight = weights[rows[i]];
        positive += weight * labels[i];
        sum += weight;
      }
      positives[group] = positive;
      all[group] = sum;
      positiveTotal += positive;
      total += sum;
    }
    return { positives, all, positiveTotal, total };
  };
}

/**
 * Area under the ROC curve: the share of pairs of a positive and a negative row in which the positive has the higher
 * score, ties counting half (Hanley & McNeil 1982). NaN when a class is missing.
 */
export function prepareAuc(sample: Sample): (weights: Weights) => number {
  const count = groupCounter(sample);
  return (weights) => {
    const { positives, all, positiveTotal, total } = count(weights);
    let below = 0;
    let pairs = 0;
    for (let group = 0; group < all.length; group++) {
      const negatives = all[group] - positives[group];
      pairs += positives[group] * (below + negatives / 2);
      below += negatives;
    }
    return pairs / (positiveTotal * (total - positiveTotal));
  };
}

/**
 * Kolmogorov-Smirnov distance of a scorecard: the largest (true positive rate - false positive rate) over all
 * thresholds. One-sided, so that a model that ranks backwards gets 0. NaN when a class is missing.
 */
export function prepareKs(sample: Sample): (weights: Weights) => number {
  const count = groupCounter(sample);
  return (weights) => {
    const { positives, all, positiveTotal, total } = count(weights);
    const negativeTotal = total - positiveTotal;
    if (positiveTotal === 0 || negativeTotal === 0) return Number.NaN;
    let positive = positiveTotal;
    let negative = negativeTotal;
    let largest = 0;
    for (let group = 0; group < all.length; group++) {
      positive -= positives[group];
      negative -= all[group] - positives[group];
      largest = Math.max(largest, positive / positiveTotal - negative / negativeTotal);
    }
    return largest;
  };
}

/**
 * Average precision: precision at each distinct score, weighted by the recall it adds, without interpolation.
 * 0 when there is no positive row, as in scikit-learn.
 */
export function prepareAveragePrecision(sample: Sample): (weights: Weights) => number {
  const count = groupCounter(sample);
  return (weights) => {
    const { positives, all, positiveTotal, total } = count(weights);
    if (positiveTotal === 0) return total === 0 ? Number.NaN : 0;
    let found = 0;
    let taken = 0;
    let sum = 0;
    for (let group = all.length - 1; group >= 0; group--) {
      found += positives[group];
      taken += all[group];
      if (positives[group] > 0) sum += (positives[group] / positiveTotal) * (found / taken);
    }
    return sum;
  };
}
