import type { FoundSplit, SplitLimits, Totals } from './kernel.js';

/** One feature of a histogram: gradient, hessian and count of each value bin, and then of its missing values if it has any. */
export interface FeatureEntries {
  feature: number;
  entries: Float64Array;
  /** How many bins hold values. */
  bins: number;
}

/** The score of a split from the sums of its sides, when it is above `score`; NaN when it is not, or is not allowed. */
export type Scorer = (
  leftGradient: number,
  leftHessian: number,
  rightGradient: number,
  rightHessian: number,
  score: number,
) => number;

/** A side's score is max(|G| - l1, 0)^2 / (H + l2): the second-order gain of Chen & Guestrin 2016, eq. 7, with l1. */
export function plainScorer(l1: number, l2: number): Scorer {
  return (lg, lh, rg, rh, score) => {
    const a = Math.max(Math.abs(lg) - l1, 0);
    const b = Math.max(Math.abs(rg) - l1, 0);
    const left = lh + l2;
    const right = rh + l2;
    const above = a * a * right + b * b * left;
    const below = left * right;
    // The kernel compares without dividing, and so does its twin.
    return above > below * score ? above / below : Number.NaN;
  };
}

/** The sums of a feature's missing values in the node. */
function missingOf({ entries, bins }: FeatureEntries): Totals {
  const at = bins * 3;
  if (entries.length <= at) return { gradient: 0, hessian: 0, count: 0 };
  return { gradient: entries[at], hessian: entries[at + 1], count: entries[at + 2] };
}

/** Keeps the best split of a feature that is tried bin after bin. */
class Search {
  best: { score: number; place: number; side: number; left: Totals } | null = null;

  constructor(
    private readonly node: Totals,
    private readonly limits: SplitLimits,
    private readonly scorer: Scorer,
    private score: number,
  ) {}

  /** Whether the right side has too few rows, now and for more bins on the left. */
  tooMany(count: number): boolean {
    return this.node.count - count < this.limits.minLeaf;
  }

  try(gradient: number, hessian: number, count: number, place: number, side: number): void {
    const { node } = this;
    const { minLeaf, minHessian } = this.limits;
    if (count < minLeaf || this.tooMany(count)) return;
    if (hessian < minHessian || hessian > node.hessian - minHessian) return;
    const score = this.scorer(
      gradient,
      hessian,
      node.gradient - gradient,
      node.hessian - hessian,
      this.score,
    );
    if (Number.isNaN(score)) return;
    this.score = score;
    this.best = { score, place, side, left: { gradient, hessian, count } };
  }
}

/** Missing values go where they did best; where the node has none, with the larger child. */
const sideOfMissing = (side: number, anyMissing: boolean, left: Totals, node: Totals) =>
  anyMissing ? side === 1 : left.count > node.count - left.count;

/**
 * The best split of a number with a score above `score`; null when there is none. Missing values are tried on both sides.
 */
export function scanNumber(
  from: FeatureEntries,
  node: Totals,
  limits: SplitLimits,
  scorer: Scorer,
  score: number,
): FoundSplit | null {
  const { feature, entries, bins } = from;
  const missing = missingOf(from);
  const anyMissing = missing.count > 0;
  const search = new Search(node, limits, scorer, score);
  for (let side = 0; side < (anyMissing ? 2 : 1); side++) {
    let { gradient, hessian, count } = side === 1 ? missing : { gradient: 0, hessian: 0, count: 0 };
    const end = anyMissing && side === 0 ? bins : bins - 1;
    for (let bin = 0; bin < end && !search.tooMany(count); bin++) {
      gradient += entries[bin * 3];
      hessian += entries[bin * 3 + 1];
      count += entries[bin * 3 + 2];
      search.try(gradient, hessian, count, bin, side);
    }
  }
  if (search.best === null) return null;
  const { place, side, left } = search.best;
  const missingLeft = sideOfMissing(side, anyMissing, left, node);
  return { feature, bin: place, missingLeft, score: search.best.score, left };
}

/** Up to so many categories are each tried against the rest; more are tried in an order. */
const ONE_BY_ONE = 4;

/** The smaller side of a split has at most so many categories. */
const MOST_ON_A_SIDE = 32;

/** How a category's sums are held back, in the units of the sums: few rows should not come first or last by chance. */
export interface CategoryLimits {
  /** Added to a category's hessian when categories are put in order. */
  smoothing: number;
}

/** The category bins that the node has rows of, in the order of their gradient over hessian, smoothed. */
function orderedBins({ entries, bins }: FeatureEntries, { smoothing }: CategoryLimits): number[] {
  const present: number[] = [];
  for (let bin = 0; bin < bins; bin++) if (entries[bin * 3 + 2] > 0) present.push(bin);
  const rank = (bin: number) => entries[bin * 3] / (entries[bin * 3 + 1] + smoothing);
  return present.sort((a, b) => rank(a) - rank(b) || a - b);
}

/**
 * The best split of a category with a score above `score`. Few categories are tried one against the rest; more are put
 * in the order of their gradients over their hessians and cut in two, where the best of all partitions lies (Fisher 1958;
 * so does LightGBM). Categories that the node has no rows of go where missing values go.
 */
export function scanCategory(
  from: FeatureEntries,
  node: Totals,
  limits: SplitLimits,
  scorers: { single: Scorer; several: Scorer },
  order: CategoryLimits,
  score: number,
): FoundSplit | null {
  const { feature, entries, bins } = from;
  const missing = missingOf(from);
  const anyMissing = missing.count > 0;
  const ordered = orderedBins(from, order);
  const oneByOne = ordered.length <= ONE_BY_ONE;
  const search = new Search(node, limits, oneByOne ? scorers.single : scorers.several, score);
  const none = { gradient: 0, hessian: 0, count: 0 };
  for (let side = 0; side < (anyMissing ? 2 : 1); side++) {
    const start = side === 1 ? missing : none;
    let { gradient, hessian, count } = start;
    const end = anyMissing && side === 0 ? ordered.length : ordered.length - 1;
    for (let place = 0; place < (oneByOne ? ordered.length : end); place++) {
      if (oneByOne) ({ gradient, hessian, count } = start);
      const at = ordered[place] * 3;
      gradient += entries[at];
      hessian += entries[at + 1];
      count += entries[at + 2];
      const smaller = Math.min(place + 1, ordered.length - place - 1);
      if (oneByOne || smaller <= MOST_ON_A_SIDE) search.try(gradient, hessian, count, place, side);
    }
    // All values against the missing ones.
    if (oneByOne && anyMissing && side === 0 && ordered.length > 1) {
      search.try(
        node.gradient - missing.gradient,
        node.hessian - missing.hessian,
        node.count - missing.count,
        ordered.length,
        0,
      );
    }
  }
  if (search.best === null) return null;
  const { place, side, left } = search.best;
  const missingLeft = sideOfMissing(side, anyMissing, left, node);
  const leftBins = new Uint8Array(bins).fill(missingLeft ? 1 : 0);
  for (const [i, bin] of ordered.entries()) {
    const isLeft = oneByOne && place < ordered.length ? i === place : i <= place;
    leftBins[bin] = isLeft ? 1 : 0;
  }
  return { feature, bin: 0, missingLeft, leftBins, score: search.best.score, left };
}
