import type { PreparedData } from './prepare.js';
import type { Space } from './space.js';

/** What random trees sum of the targets, and what a leaf makes of the sums. */
export interface RandomTargets {
  /** One number a row: the target in `unit`s less `offset`, or the class. */
  values: Float64Array;
  /** How many sums a node has: 1, or one a class. */
  width: number;
  offset: number;
  /** A power of two, so that dividing by it is exact. */
  unit: number;
}

/** The mean of the targets in units, to three digits: then whole targets, and sums of them, stay exact. */
function roughMean(y: Float64Array, weights: Float64Array | null, unit: number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const weight = weights === null ? 1 : weights[row];
    sum += weight * (y[row] / unit);
    total += weight;
  }
  const mean = sum / total;
  return Number.isFinite(mean) ? Math.round(mean * 1024) / 1024 : 0;
}

/**
 * Numbers are taken less their mean, because one far from 0 would lose digits in the squares of its sums; and in a unit near their
 * size, so that no square is too large or too small. Classes of 0 and 1 are counted as they are, more classes each by itself.
 */
export function randomTargets({ task, y, classCount, weights }: PreparedData, space: Space): RandomTargets {
  if (task === 'binary') return { values: y, width: 1, offset: 0, unit: 1 };
  if (task === 'multiclass') return { values: y, width: classCount, offset: 0, unit: 1 };
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = largest > 0 ? 2 ** Math.min(1023, Math.floor(Math.log2(largest))) : 1;
  const offset = roughMean(y, weights, unit);
  const values = space.numbers(y.length);
  for (let row = 0; row < y.length; row++) values[row] = y[row] / unit - offset;
  return { values, width: 1, offset, unit };
}

/** What a leaf of these draws says: the mean target, or the share of each class. */
export function leafValue(
  { width, offset, unit }: RandomTargets,
  { weight, sums }: { weight: number; sums: Float64Array },
): number | Float64Array {
  return width === 1 ? (offset + sums[0] / weight) * unit : sums.map((sum) => sum / weight);
}

/** How much of the loss a split of this score took away: squared error, or Gini impurity times draws. */
export function gainOf(
  { unit }: RandomTargets,
  { weight, sums }: { weight: number; sums: Float64Array },
  score: number,
): number {
  const gain = score - sums.reduce((sum, value) => sum + value * value, 0) / weight;
  return Math.min(Number.MAX_VALUE, Math.max(0, gain) * unit * unit);
}
