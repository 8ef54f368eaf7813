import type { BinnedColumns } from './bins.js';
import type { BinSplit } from './split-rows.js';

/** Numbers kept for a bin: the sum of the gradients, the sum of the hessians, the number of rows. */
const WIDTH = 3;

/** Where each feature's bins stand in a histogram. */
export interface HistogramLayout {
  /** Of each feature, the place of its first bin's numbers. */
  offsets: Int32Array;
  /** The length of a histogram. */
  length: number;
}

export function layOutHistogram({ featureCount, edges, hasMissing }: BinnedColumns): HistogramLayout {
  const offsets = new Int32Array(featureCount);
  let length = 0;
  for (let f = 0; f < featureCount; f++) {
    offsets[f] = length;
    length += (edges[f].length + 1 + hasMissing[f]) * WIDTH;
  }
  return { offsets, length };
}

/** Gradients and hessians of all rows, and room to line those of a node's rows up. */
export interface RowStatistics {
  gradient: Float64Array;
  hessian: Float64Array;
  gradientInOrder: Float64Array;
  hessianInOrder: Float64Array;
}

/** Sums the statistics of rows[from..to) by feature and bin. */
export function fillHistogram(
  histogram: Float64Array,
  { offsets }: HistogramLayout,
  { bins, rowCount, featureCount }: BinnedColumns,
  { gradient, hessian, gradientInOrder, hessianInOrder }: RowStatistics,
  rows: Int32Array,
  from: number,
  to: number,
): void {
  const count = to - from;
  const node = rows.subarray(from, to);
  for (let i = 0; i < count; i++) {
    gradientInOrder[i] = gradient[node[i]];
    hessianInOrder[i] = hessian[node[i]];
  }
  histogram.fill(0);
  // Two features a pass: the processor overlaps two chains of additions, and reads the statistics half as often.
  for (let f = 0; f < featureCount; f += 2) {
    const first = bins.subarray(f * rowCount, (f + 1) * rowCount);
    const firstOffset = offsets[f];
    if (f + 1 === featureCount) {
      for (let i = 0; i < count; i++) {
        const k = firstOffset + first[node[i]] * WIDTH;
        histogram[k] += gradientInOrder[i];
        histogram[k + 1] += hessianInOrder[i];
        histogram[k + 2] += 1;
      }
      continue;
    }
    const second = bins.subarray((f + 1) * rowCount, (f + 2) * rowCount);
    const secondOffset = offsets[f + 1];
    for (let i = 0; i < count; i++) {
      const row = node[i];
      const g = gradientInOrder[i];
      const h = hessianInOrder[i];
      const k = firstOffset + first[row] * WIDTH;
      histogram[k] += g;
      histogram[k + 1] += h;
      histogram[k + 2] += 1;
      const l = secondOffset + second[row] * WIDTH;
      histogram[l] += g;
      histogram[l + 1] += h;
      histogram[l + 2] += 1;
    }
  }
}

/** Takes a child's histogram from its parent's: what is left is the other child's. */
export function subtractHistogram(parent: Float64Array, child: Float64Array): void {
  for (let i = 0; i < parent.length; i++) parent[i] -= child[i];
}

/** A split with its gain (by how much the leaves' scores exceed the node's) and what goes left. */
export interface HistogramSplit extends BinSplit {
  gain: number;
  leftGradient: number;
  leftHessian: number;
  leftCount: number;
}

/** What a leaf must have, and the penalty on its value. */
export interface SplitLimits {
  minLeaf: number;
  minHessian: number;
  l2: number;
  /** A gain at or below this is rounding noise. */
  minGain: number;
}

export interface NodeTotals {
  gradient: number;
  hessian: number;
  count: number;
}

/**
 * The split of most gain, or undefined when none is allowed. The score of a leaf is G^2 / (H + l2), the second-order
 * gain of Chen & Guestrin 2016, eq. 7. Missing values are tried on both sides; where the node has none, later ones
 * go with the larger child.
 */
export function findBestSplit(
  histogram: Float64Array,
  { offsets }: HistogramLayout,
  { featureCount, edges, hasMissing }: BinnedColumns,
  { gradient, hessian, count }: NodeTotals,
  { minLeaf, minHessian, l2, minGain }: SplitLimits,
): HistogramSplit | undefined {
  const nodeScore = (gradient * gradient) / (hessian + l2);
  let best = minGain;
  let found = false;
  const split: HistogramSplit = {
    feature: -1,
    bin: 0,
    missingLeft: false,
    gain: 0,
    leftGradient: 0,
    leftHessian: 0,
    leftCount: 0,
  };
  for (let feature = 0; feature < featureCount; feature++) {
    const offset = offsets[feature];
    const valueBins = edges[feature].length + 1;
    const missingAt = offset + valueBins * WIDTH;
    const missingCount = hasMissing[feature] === 1 ? histogram[missingAt + 2] : 0;
    for (let side = 0; side < (missingCount > 0 ? 2 : 1); side++) {
      let g = side === 1 ? histogram[missingAt] : 0;
      let h = side === 1 ? histogram[missingAt + 1] : 0;
      let c = side === 1 ? missingCount : 0;
      const bins = missingCount > 0 && side === 0 ? valueBins : valueBins - 1;
      for (let bin = 0; bin < bins; bin++) {
        const k = offset + bin * WIDTH;
        const inBin = histogram[k + 2];
        if (inBin === 0) continue;
        g += histogram[k];
        h += histogram[k + 1];
        c += inBin;
        if (c < minLeaf) continue;
        if (count - c < minLeaf) break;
        const rightHessian = hessian - h;
        if (h < minHessian || rightHessian < minHessian) continue;
        const rightGradient = gradient - g;
        const gain = (g * g) / (h + l2) + (rightGradient * rightGradient) / (rightHessian + l2) - nodeScore;
        if (gain <= best) continue;
        best = gain;
        found = true;
        split.feature = feature;
        split.bin = bin;
        split.missingLeft = missingCount > 0 ? side === 1 : c > count - c;
        split.gain = gain;
        split.leftGradient = g;
        split.leftHessian = h;
        split.leftCount = c;
      }
    }
  }
  return found ? split : undefined;
}
