import {
  BIN,
  binAfter,
  FEATURE,
  gatherBins,
  LEFT_WEIGHT,
  MISSING_LEFT,
  SCORE,
  varies,
  type Workshop,
} from './random-split.js';

/** The draws of each class left of a split, and right of it. */
const sidesOf = (node: Float64Array, missing: Float64Array, side: number) => {
  const left = side === 1 ? missing.slice() : new Float64Array(node.length);
  return { left, right: node.map((value, k) => value - left[k]) };
};

const sumOfSquares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);

/**
 * The same as `scanSums` for several classes: the score is the sum over the classes of the children's squared draws over their
 * weights; making it largest makes their Gini impurity least. All numbers are whole, so the running squares are exact.
 */
export function scanClasses({ node, found, best, minLeaf, width }: Workshop): number {
  const { count, weights, sums, missingWeight, missingSums } = found;
  const { reals, ints } = best;
  let taken = 0;
  for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
    const { left, right } = sidesOf(node.sums, missingSums, side);
    let leftWeight = side * missingWeight;
    let leftSquares = sumOfSquares(left);
    let rightSquares = sumOfSquares(right);
    for (let i = 0; i < count; i++) {
      leftWeight += weights[i];
      for (let k = 0; k < width; k++) {
        const moved = sums[i * width + k];
        leftSquares += moved * (moved + 2 * left[k]);
        rightSquares += moved * (moved - 2 * right[k]);
        left[k] += moved;
        right[k] -= moved;
      }
      if (leftWeight < minLeaf) continue;
      const rightWeight = node.weight - leftWeight;
      if (rightWeight < minLeaf) break;
      const score = leftSquares / leftWeight + rightSquares / rightWeight;
      if (score <= reals[SCORE]) continue;
      taken = i + 1;
      reals[SCORE] = score;
      reals[LEFT_WEIGHT] = leftWeight;
      ints[MISSING_LEFT] = Number(missingWeight > 0 ? side === 1 : leftWeight > rightWeight);
    }
  }
  return taken;
}

/** Searches one number for a split between several classes; returns whether the node's rows differ in it. */
export function searchClasses(shop: Workshop, feature: number, from: number, to: number): boolean {
  gatherBins(shop, feature, from, to);
  const taken = scanClasses(shop);
  if (taken > 0) {
    shop.best.ints[FEATURE] = feature;
    shop.best.ints[BIN] = binAfter(shop, feature, taken);
  }
  return varies(shop.found);
}
