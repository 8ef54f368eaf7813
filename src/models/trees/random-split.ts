import type { Random } from '../../util/random.js';
import type { BinnedColumns } from './bins.js';
import type { BinSplit } from './split-rows.js';

export interface RandomTreeOptions {
  /** The fewest bootstrap draws in a leaf. */
  minLeaf: number;
  /** How many features are drawn for each split. */
  featuresPerSplit: number;
  /** The most splits from the root to a leaf; null for no limit. */
  maxDepth: number | null;
}

/** What trees are grown with; kept from tree to tree. */
export interface Workshop {
  columns: BinnedColumns;
  /** The target, less what `valueOffset` adds to every leaf again. */
  y: Float64Array;
  valueOffset: number;
  /** How often the bootstrap drew each row, and the target times that. */
  weights: Float64Array;
  weighted: Float64Array;
  /** The drawn rows, those of a node side by side; with the two numbers above in the order of the present node's rows. */
  rows: Int32Array;
  scratch: Int32Array;
  weightsInOrder: Float64Array;
  weightedInOrder: Float64Array;
  /** All features; the first ones are those drawn for the present node. */
  features: Int32Array;
  /** Weight and weighted target of each bin, and a bit for each bin that holds a row: both empty between uses. */
  histogram: Float64Array;
  occupied: Int32Array;
  /** The bins of values that hold a row of the present node, in ascending order, and their numbers. */
  found: { count: number; bins: Int32Array; weights: Float64Array; sums: Float64Array };
}

export function openWorkshop(columns: BinnedColumns, y: Float64Array, valueOffset: number): Workshop {
  const { rowCount, featureCount } = columns;
  return {
    columns,
    y: y.map((value) => value - valueOffset),
    valueOffset,
    weights: new Float64Array(rowCount),
    weighted: new Float64Array(rowCount),
    rows: new Int32Array(rowCount),
    scratch: new Int32Array(rowCount),
    weightsInOrder: new Float64Array(rowCount),
    weightedInOrder: new Float64Array(rowCount),
    features: new Int32Array(featureCount),
    histogram: new Float64Array(512),
    occupied: new Int32Array(8),
    found: {
      count: 0,
      bins: new Int32Array(256),
      weights: new Float64Array(256),
      sums: new Float64Array(256),
    },
  };
}

/** A node that has no children yet. */
export interface Node {
  id: number;
  depth: number;
  from: number;
  to: number;
  /** Bootstrap draws, and the sum of their targets. */
  weight: number;
  sum: number;
}

export interface NodeSplit extends BinSplit {
  /** The sum of the children's squared sums over their weights: what splitting makes as large as it can. */
  score: number;
  leftWeight: number;
  leftSum: number;
}

/** Lines the numbers of a node's rows up, so that each feature reads them in one run. */
function lineUp(
  { rows, weights, weighted, weightsInOrder, weightedInOrder }: Workshop,
  { from, to }: Node,
): void {
  for (let i = from; i < to; i++) {
    weightsInOrder[i - from] = weights[rows[i]];
    weightedInOrder[i - from] = weighted[rows[i]];
  }
}

/**
 * Gathers the bins of one feature that hold rows of the node into `found`; returns weight and sum of the missing ones.
 * A deep node fills few of the bins, so it is their bits that are visited, not the bins.
 */
function gatherBins(shop: Workshop, feature: number, node: Node): { weight: number; sum: number } {
  const { columns, rows, weightsInOrder, weightedInOrder, histogram, occupied, found } = shop;
  const { bins, rowCount } = columns;
  const column = feature * rowCount;
  const count = node.to - node.from;
  for (let i = 0; i < count; i++) {
    const bin = bins[column + rows[node.from + i]];
    histogram[2 * bin] += weightsInOrder[i];
    histogram[2 * bin + 1] += weightedInOrder[i];
    occupied[bin >> 5] |= 1 << bin;
  }
  const missingBin = columns.edges[feature].length + 1;
  const missing = { weight: histogram[2 * missingBin], sum: histogram[2 * missingBin + 1] };
  found.count = 0;
  for (let word = 0; word < occupied.length; word++) {
    let bits = occupied[word];
    occupied[word] = 0;
    while (bits !== 0) {
      const lowest = bits & -bits;
      bits ^= lowest;
      const bin = word * 32 + 31 - Math.clz32(lowest);
      if (bin !== missingBin) {
        found.bins[found.count] = bin;
        found.weights[found.count] = histogram[2 * bin];
        found.sums[found.count] = histogram[2 * bin + 1];
        found.count++;
      }
      histogram[2 * bin] = 0;
      histogram[2 * bin + 1] = 0;
    }
  }
  return missing;
}

/** Puts the best split on the gathered feature into `best` when it scores higher than what is there. */
function improveSplit(
  { columns, found }: Workshop,
  feature: number,
  { weight, sum }: Node,
  missing: { weight: number; sum: number },
  minLeaf: number,
  best: NodeSplit,
): void {
  const { count, bins, weights, sums } = found;
  for (let side = 0; side < (missing.weight > 0 ? 2 : 1); side++) {
    let leftWeight = side * missing.weight;
    let leftSum = side * missing.sum;
    for (let i = 0; i < count; i++) {
      leftWeight += weights[i];
      leftSum += sums[i];
      if (leftWeight < minLeaf) continue;
      const rightWeight = weight - leftWeight;
      if (rightWeight < minLeaf) break;
      const rightSum = sum - leftSum;
      const score = (leftSum * leftSum) / leftWeight + (rightSum * rightSum) / rightWeight;
      if (score <= best.score) continue;
      best.score = score;
      best.feature = feature;
      // In the middle of the bins that the node leaves empty; after the last one all values go left.
      best.bin = i + 1 < count ? (bins[i] + bins[i + 1] - 1) >> 1 : columns.edges[feature].length;
      best.missingLeft = missing.weight > 0 ? side === 1 : leftWeight > rightWeight;
      best.leftWeight = leftWeight;
      best.leftSum = leftSum;
    }
  }
}

/** The best split among randomly drawn features; more are drawn only while all so far are constant in the node. */
export function drawSplit(
  shop: Workshop,
  node: Node,
  options: RandomTreeOptions,
  random: Random,
): NodeSplit | undefined {
  const { features, found } = shop;
  const best = { score: -1, feature: -1, bin: 0, missingLeft: false, leftWeight: 0, leftSum: 0 };
  lineUp(shop, node);
  let varied = false;
  for (let k = 0; k < features.length && (k < options.featuresPerSplit || !varied); k++) {
    const j = k + Math.floor(random() * (features.length - k));
    const feature = features[j];
    features[j] = features[k];
    features[k] = feature;
    const missing = gatherBins(shop, feature, node);
    if (found.count + (missing.weight > 0 ? 1 : 0) < 2) continue;
    varied = true;
    improveSplit(shop, feature, node, missing, options.minLeaf, best);
  }
  return best.feature >= 0 ? best : undefined;
}
