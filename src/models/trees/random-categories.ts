import { scanClasses } from './random-classes.js';
import { BIN, FEATURE, gatherBins, MISSING_LEFT, scanSums, varies, type Workshop } from './random-split.js';

/** Orders the found bins by the mean of one of their sums; equal ones stay in the order of their numbers. */
function orderByMean(shop: Workshop, k: number): void {
  const { found, width } = shop;
  const { count, bins, weights, sums } = found;
  const order = Array.from({ length: count }, (_, i) => i);
  const mean = (i: number) => sums[i * width + k] / weights[i];
  order.sort((a, b) => mean(a) - mean(b) || bins[a] - bins[b]);
  const old = {
    bins: bins.slice(0, count),
    weights: weights.slice(0, count),
    sums: sums.slice(0, count * width),
  };
  for (const [i, from] of order.entries()) {
    bins[i] = old.bins[from];
    weights[i] = old.weights[from];
    for (let j = 0; j < width; j++) sums[i * width + j] = old.sums[from * width + j];
  }
}

/**
 * Searches one category feature; returns whether the node's rows differ in it. The categories are put in order and cut as if
 * they were numbers: by the mean of the target, which contains the best of all sets (Fisher 1958; Breiman et al. 1984, 4.2.2);
 * of several classes by the share of each class in turn, which is a good set but maybe not the best.
 */
export function searchCategory(shop: Workshop, feature: number, from: number, to: number): boolean {
  const { found, best, width } = shop;
  gatherBins(shop, feature, from, to);
  if (!varies(found)) return false;
  for (let k = 0; k < width; k++) {
    orderByMean(shop, k);
    const taken = width === 1 ? scanSums(shop) : scanClasses(shop);
    if (taken === 0) continue;
    best.ints[FEATURE] = feature;
    best.ints[BIN] = -1;
    // Categories that the node has no rows of go the way of missing values.
    best.leftBins.fill(best.ints[MISSING_LEFT]);
    for (let i = 0; i < found.count; i++) best.leftBins[found.bins[i]] = Number(i < taken);
  }
  return true;
}
