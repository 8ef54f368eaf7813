import type { BinnedColumns } from './bins.js';
import type { Space } from './space.js';

/** Where a node's best split so far stands: in `reals` its score and the draws that go left; in `ints` what it asks. */
export interface BestSplit {
  reals: Float64Array;
  ints: Int32Array;
  /** Of a category: 1 for each value bin that goes left. */
  leftBins: Uint8Array;
}

export const SCORE = 0;
export const LEFT_WEIGHT = 1;
/** In `ints`: the feature, -1 while there is no split; of a number the last bin that goes left; 1 where missing values go left. */
export const FEATURE = 0;
export const BIN = 1;
export const MISSING_LEFT = 2;

/** The bins of one feature that hold rows of the present node: values first, in ascending order or by their mean target. */
export interface FoundBins {
  count: number;
  bins: Int32Array;
  weights: Float64Array;
  /** One number a bin, the sum of the targets; or one a class, the draws of the class. */
  sums: Float64Array;
  /** The same of the missing values; their weight is 0 where there are none. */
  missingWeight: number;
  missingSums: Float64Array;
}

/** What trees are grown with by one thread; kept from tree to tree. */
export interface Workshop {
  columns: BinnedColumns;
  /** How many sums a node has: 1, or one a class. */
  width: number;
  /** Of each row the target that is summed, or its class. */
  targets: Float64Array;
  /** How often each row was drawn for the present tree. */
  counts: Int32Array;
  /** The drawn rows, those of a node side by side. */
  rows: Int32Array;
  scratch: Int32Array;
  /** The fewest draws in a leaf. */
  minLeaf: number;
  /** Draws and sums of the present node. */
  node: { weight: number; sums: Float64Array };
  best: BestSplit;
  /** Of the split that is made, where each bin goes. */
  sides: Uint8Array;
  found: FoundBins;
  /** Of each bin its draws and then its sums, and a bit for each bin that holds a row: both empty between uses. */
  histogram: Float64Array;
  occupied: Int32Array;
}

export function openWorkshop(
  columns: BinnedColumns,
  targets: Float64Array,
  width: number,
  minLeaf: number,
  space: Space,
): Workshop {
  const { rowCount } = columns;
  return {
    ...{ columns, targets, width, minLeaf },
    counts: space.ints(rowCount),
    rows: space.ints(rowCount),
    scratch: space.ints(rowCount),
    node: { weight: 0, sums: new Float64Array(width) },
    best: { reals: space.numbers(2), ints: space.ints(3), leftBins: new Uint8Array(256) },
    sides: space.bytes(256),
    found: {
      count: 0,
      bins: new Int32Array(256),
      weights: new Float64Array(256),
      sums: new Float64Array(256 * width),
      missingWeight: 0,
      missingSums: new Float64Array(width),
    },
    histogram: new Float64Array(256 * (width + 1)),
    occupied: new Int32Array(8),
  };
}

/** Sums up rows[from..to) of the present tree into `node`; returns whether their targets differ. */
export function measureNode(
  { targets, counts, rows, node, width }: Workshop,
  from: number,
  to: number,
): boolean {
  const { sums } = node;
  const first = targets[rows[from]];
  let differ = false;
  let weight = 0;
  sums.fill(0);
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const target = targets[row];
    weight += counts[row];
    if (width === 1) sums[0] += counts[row] * target;
    else sums[target] += counts[row];
    if (target !== first) differ = true;
  }
  node.weight = weight;
  return differ;
}

/** Counts rows[from..to) into the histogram of one feature, and marks the bins that hold any. */
function fillHistogram(shop: Workshop, feature: number, from: number, to: number): void {
  const { columns, targets, counts, rows, histogram, occupied, width } = shop;
  const { bins, rowCount } = columns;
  const column = feature * rowCount;
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const bin = bins[column + row];
    const at = bin * (width + 1);
    histogram[at] += counts[row];
    if (width === 1) histogram[at + 1] += counts[row] * targets[row];
    else histogram[at + 1 + targets[row]] += counts[row];
    occupied[bin >> 5] |= 1 << bin;
  }
}

/**
 * Gathers the bins of one feature that hold rows[from..to) into `found`. A deep node fills few of the bins, so it is their bits
 * that are visited, not the bins.
 */
export function gatherBins(shop: Workshop, feature: number, from: number, to: number): void {
  const { columns, histogram, occupied, found, width } = shop;
  const missingBin = columns.valueBins[feature];
  fillHistogram(shop, feature, from, to);
  found.count = 0;
  found.missingWeight = 0;
  found.missingSums.fill(0);
  for (let word = 0; word < occupied.length; word++) {
    let bits = occupied[word];
    occupied[word] = 0;
    while (bits !== 0) {
      const lowest = bits & -bits;
      bits ^= lowest;
      const bin = word * 32 + 31 - Math.clz32(lowest);
      const at = bin * (width + 1);
      const isMissing = bin === missingBin;
      const place = isMissing ? 0 : found.count++ * width;
      const sums = isMissing ? found.missingSums : found.sums;
      for (let k = 0; k < width; k++) sums[place + k] = histogram[at + 1 + k];
      if (isMissing) found.missingWeight = histogram[at];
      else {
        found.bins[found.count - 1] = bin;
        found.weights[found.count - 1] = histogram[at];
      }
      for (let k = 0; k <= width; k++) histogram[at + k] = 0;
    }
  }
}

/** Whether the node's rows differ in the feature that was gathered. */
export const varies = ({ count, missingWeight }: FoundBins): boolean =>
  count + (missingWeight > 0 ? 1 : 0) >= 2;

/**
 * The best split between the found bins, in their order, when it scores higher than what stands in `best`: how many bins go
 * left, or 0. The score is the sum of the children's squared sums over their weights; making it largest makes the variance of the
 * target within the children least, and of a target of 0 and 1 their Gini impurity.
 */
export function scanSums({ node, found, best, minLeaf }: Workshop): number {
  const { count, weights, sums, missingWeight, missingSums } = found;
  const { reals, ints } = best;
  let taken = 0;
  for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
    let leftWeight = side * missingWeight;
    let leftSum = side === 1 ? missingSums[0] : 0;
    for (let i = 0; i < count; i++) {
      leftWeight += weights[i];
      leftSum += sums[i];
      if (leftWeight < minLeaf) continue;
      const rightWeight = node.weight - leftWeight;
      if (rightWeight < minLeaf) break;
      const rightSum = node.sums[0] - leftSum;
      const score =
        (leftSum * leftSum * rightWeight + rightSum * rightSum * leftWeight) / (leftWeight * rightWeight);
      if (score <= reals[SCORE]) continue;
      taken = i + 1;
      reals[SCORE] = score;
      reals[LEFT_WEIGHT] = leftWeight;
      ints[MISSING_LEFT] = Number(missingWeight > 0 ? side === 1 : leftWeight > rightWeight);
    }
  }
  return taken;
}

/** The last bin on the left of a number's split: in the middle of those that the node leaves empty; after the last one all values go left. */
export function binAfter(
  { columns, found: { bins, count } }: Workshop,
  feature: number,
  taken: number,
): number {
  return taken < count ? (bins[taken - 1] + bins[taken] - 1) >> 1 : columns.valueBins[feature] - 1;
}

/** Searches one number for a split of single sums; returns whether the node's rows differ in it. */
export function searchSums(shop: Workshop, feature: number, from: number, to: number): boolean {
  gatherBins(shop, feature, from, to);
  const taken = scanSums(shop);
  if (taken > 0) {
    shop.best.ints[FEATURE] = feature;
    shop.best.ints[BIN] = binAfter(shop, feature, taken);
  }
  return varies(shop.found);
}
