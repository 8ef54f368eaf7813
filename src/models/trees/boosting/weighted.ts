import type { Targets } from './loss.js';

/** The sum of weights, or the number of rows. */
export function totalWeight({ y, weights }: Targets): number {
  if (weights === null) return y.length;
  let sum = 0;
  for (const weight of weights) sum += weight;
  return sum;
}

export function weightedMean({ y, weights }: Targets): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += weights === null ? y[i] : weights[i] * y[i];
  return sum / totalWeight({ y, weights });
}

/** The weighted mean of what `lossOf` says of each row. */
export function meanLoss(targets: Targets, lossOf: (row: number) => number): number {
  const { y, weights } = targets;
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += weights === null ? lossOf(i) : weights[i] * lossOf(i);
  return sum / totalWeight(targets);
}

/** Multiplies each row's numbers by its weight. */
export function applyWeights(weights: Float64Array | null, ...arrays: Float64Array[]): void {
  if (weights === null) return;
  for (const array of arrays) for (let i = 0; i < weights.length; i++) array[i] *= weights[i];
}

/**
 * The value that a share of the weight lies at or below; where the share ends just between two values, their mean. A
 * weight of 2 is the value twice.
 */
export function weightedQuantile(values: Float64Array, weights: Float64Array | null, share: number): number {
  if (values.length === 0) return 0;
  if (weights === null) {
    const sorted = Float64Array.from(values).sort();
    return quantileOfSorted(sorted, () => 1, share, sorted.length);
  }
  const order = Int32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const sorted = Float64Array.from(order, (i) => values[i]);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return quantileOfSorted(sorted, (i) => weights[order[i]], share, total);
}

function quantileOfSorted(
  sorted: Float64Array,
  weightOf: (i: number) => number,
  share: number,
  total: number,
): number {
  const wanted = share * total;
  // What is lost in adding weights up must not decide between one value and the mean of two.
  const slack = total * 1e-12;
  let below = 0;
  for (let i = 0; i < sorted.length - 1; i++) {
    below += weightOf(i);
    if (below > wanted + slack) return sorted[i];
    if (below >= wanted - slack) return sorted[i] / 2 + sorted[i + 1] / 2;
  }
  return sorted[sorted.length - 1];
}
