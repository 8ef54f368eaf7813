import type { BinnedColumns } from '../bins.js';
import type { FoundSplit, GrowthKernel, Histogram, SplitLimits, Totals, Units } from './kernel.js';
import { type Bounds, bestValue, boundedScorer, clip, scoreOf } from './monotone.js';
import { type FeatureEntries, plainScorer, type Scorer, scanCategory, scanNumber } from './scan.js';
import { realGain } from './units.js';

export interface NodeLimits extends SplitLimits {
  /** A gain at or below this is rounding noise. */
  minGain: number;
}

/** A split, and what it takes off the loss in the loss's own unit. */
export interface PlannedSplit extends FoundSplit {
  gain: number;
}

/** Added to the hessians of categories where several are put together, as LightGBM does: once to put them in order, and once more for their split's score. */
const CATEGORY_SMOOTHING = 10;
const CATEGORY_L2 = 10;

/** Finds the best splits of a tree's nodes: of numbers by the kernel, of categories and under constraints here. */
export class SplitFinder {
  private readonly numbers: Int32Array;
  private readonly others: number[];
  private readonly smoothing: number;
  private readonly categoryL2: number;

  constructor(
    private readonly columns: BinnedColumns,
    private readonly kernel: GrowthKernel,
    features: Int32Array,
    private readonly limits: NodeLimits,
    private readonly units: Units,
    private readonly monotone: Int8Array | null,
  ) {
    const byKernel = (feature: number) => monotone === null && columns.categories[feature] === 0;
    this.numbers = features.filter(byKernel);
    this.others = [...features].filter((feature) => !byKernel(feature));
    this.smoothing = CATEGORY_SMOOTHING * units.hessianScale;
    this.categoryL2 = limits.l2 + CATEGORY_L2 * units.hessianScale;
  }

  private scorer(bounds: Bounds, feature: number, l2: number): Scorer {
    const { l1 } = this.limits;
    if (this.monotone === null) return plainScorer(l1, l2);
    return boundedScorer(l1, l2, bounds, this.monotone[feature]);
  }

  private nodeScore({ gradient, hessian }: Totals, bounds: Bounds): number {
    const { l1, l2 } = this.limits;
    if (this.monotone !== null)
      return scoreOf(clip(bestValue(gradient, hessian, l1, l2), bounds), gradient, hessian, l1, l2);
    const kept = Math.max(Math.abs(gradient) - l1, 0);
    return (kept * kept) / (hessian + l2);
  }

  private scan(
    histogram: Histogram,
    feature: number,
    node: Totals,
    bounds: Bounds,
    score: number,
  ): FoundSplit | null {
    const { limits, columns, smoothing, categoryL2 } = this;
    const from: FeatureEntries = {
      feature,
      entries: this.kernel.unpack(histogram, feature),
      bins: columns.valueBins[feature],
    };
    const single = this.scorer(bounds, feature, limits.l2);
    if (columns.categories[feature] === 0) return scanNumber(from, node, limits, single, score);
    const scorers = { single, several: this.scorer(bounds, feature, categoryL2) };
    return scanCategory(from, node, limits, scorers, { smoothing }, score);
  }

  /** The split of most gain, or null when none is allowed. */
  find(histogram: Histogram, node: Totals, bounds: Bounds): PlannedSplit | null {
    const { kernel, numbers, limits } = this;
    const own = this.nodeScore(node, bounds);
    const least = own + limits.minGain;
    let best = numbers.length > 0 ? kernel.findSplit(histogram, numbers, node, limits, least) : null;
    for (const feature of this.others) {
      best = this.scan(histogram, feature, node, bounds, best?.score ?? least) ?? best;
    }
    if (best === null) return null;
    return Object.assign(best, { gain: realGain(best.score - own, this.units) });
  }
}
