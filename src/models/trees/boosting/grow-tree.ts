import type { BinnedColumns } from '../bins.js';
import { DEPTH_LIMIT } from '../forest.js';
import type { ForestBuilder } from '../forest-builder.js';
import { setOf, thresholdOf } from '../split-rows.js';
import type { FoundSplit, GrowthKernel, Histogram, Totals, Units } from './kernel.js';
import { type Bounds, bestValue, childBounds, clip, UNBOUNDED } from './monotone.js';
import { type NodeLimits, type PlannedSplit, SplitFinder } from './split-finder.js';
import { without } from './units.js';

export interface TreeOptions {
  /** The most leaves of a tree. */
  leaves: number;
  /** The fewest rows of a leaf. */
  minLeaf: number;
  /** The most splits from the root to a leaf; null for no limit. */
  maxDepth: number | null;
  l1: number;
  l2: number;
  /** Of each feature 1 or -1 where the prediction must rise or fall with it; null where none must. */
  monotone: Int8Array | null;
}

/** A leaf's hessians may not sum to less: where all its rows are predicted for certain, G / H is noise. */
export const MIN_HESSIAN = 1e-3;

export interface Leaf {
  node: number;
  depth: number;
  from: number;
  to: number;
  totals: Totals;
  bounds: Bounds;
  histogram: Histogram | null;
  split: PlannedSplit | null;
}

/** A leaf whose rows are not counted yet. */
function newLeaf(
  node: number,
  depth: number,
  from: number,
  to: number,
  totals: Totals,
  bounds: Bounds,
): Leaf {
  return { node, depth, from, to, totals, bounds, histogram: null, split: null };
}

/** Grows trees leaf by leaf on the statistics that the kernel took in last; kept from tree to tree. */
export class TreeGrower {
  readonly rows: Int32Array;
  private readonly maxDepth: number;

  constructor(
    private readonly columns: BinnedColumns,
    private readonly kernel: GrowthKernel,
    private readonly builder: ForestBuilder,
    private readonly options: TreeOptions,
    rows: Int32Array,
  ) {
    this.rows = rows;
    this.maxDepth = Math.min(options.maxDepth ?? DEPTH_LIMIT, DEPTH_LIMIT);
  }

  private maySplit({ depth, totals }: Leaf): boolean {
    return depth < this.maxDepth && totals.count >= 2 * this.options.minLeaf;
  }

  private release(leaf: Leaf): void {
    if (leaf.histogram !== null) this.kernel.giveBack(leaf.histogram);
    leaf.histogram = null;
  }

  /** Finds a leaf's best split, or gives its histogram back when it has none. */
  private plan(leaf: Leaf, finder: SplitFinder): void {
    if (leaf.histogram === null) return;
    leaf.split = this.maySplit(leaf) ? finder.find(leaf.histogram, leaf.totals, leaf.bounds) : null;
    if (leaf.split === null) this.release(leaf);
  }

  /** Splits a leaf as planned; the children have no histograms yet. */
  private split(leaf: Leaf, split: PlannedSplit, limits: NodeLimits): [Leaf, Leaf] {
    const { columns, kernel, rows, builder } = this;
    const middle = kernel.partition(split, rows, leaf.from, leaf.to);
    const node = builder.split(leaf.node, {
      feature: split.feature,
      threshold: thresholdOf(columns, split),
      set: setOf(columns, split),
      missingLeft: split.missingLeft,
      gain: split.gain,
      leftCover: middle - leaf.from,
      rightCover: leaf.to - middle,
    });
    const right = without(leaf.totals, split.left);
    const [leftBounds, rightBounds] = this.boundsOf(leaf, split, right, limits);
    const depth = leaf.depth + 1;
    return [
      newLeaf(node, depth, leaf.from, middle, split.left, leftBounds),
      newLeaf(node + 1, depth, middle, leaf.to, right, rightBounds),
    ];
  }

  private boundsOf(
    { bounds }: Leaf,
    split: FoundSplit,
    right: Totals,
    { l1, l2 }: NodeLimits,
  ): [Bounds, Bounds] {
    const direction = this.options.monotone?.[split.feature] ?? 0;
    if (direction === 0) return [bounds, bounds];
    const best = ({ gradient, hessian }: Totals) => clip(bestValue(gradient, hessian, l1, l2), bounds);
    return childBounds(bounds, direction, best(split.left), best(right));
  }

  /** Counts the smaller child's rows; the other's histogram is the parent's less that. */
  private shareHistogram(features: Int32Array, parent: Leaf, children: [Leaf, Leaf]): void {
    const [left, right] = children;
    if (!children.some((child) => this.maySplit(child))) {
      this.release(parent);
      return;
    }
    const [small, large] = left.to - left.from <= right.to - right.from ? [left, right] : [right, left];
    small.histogram = this.kernel.take();
    this.kernel.count(small.histogram, features, this.rows, small.from, small.to);
    large.histogram = parent.histogram;
    parent.histogram = null;
    this.kernel.subtract(large.histogram!, small.histogram);
  }

  /**
   * Grows one tree: the leaf whose split gains most is split next. Of `features` only, and by rows in their order.
   * Bounds of the leaves are in units of their values times `units.gradientScale / units.hessianScale`.
   */
  grow(features: Int32Array, totals: Totals, units: Units, minGain: number): Leaf[] {
    const { rows, builder, kernel, options, columns } = this;
    const limits: NodeLimits = {
      minLeaf: options.minLeaf,
      minHessian: MIN_HESSIAN * units.hessianScale,
      l1: options.l1 * units.gradientScale,
      l2: options.l2 * units.hessianScale,
      minGain,
    };
    const finder = new SplitFinder(columns, kernel, features, limits, units, options.monotone);
    kernel.numberRows(rows);
    const root = newLeaf(builder.addTree(rows.length), 0, 0, rows.length, totals, UNBOUNDED);
    if (this.maySplit(root) && features.length > 0) {
      root.histogram = kernel.take();
      kernel.count(root.histogram, features, rows, 0, rows.length);
      this.plan(root, finder);
    }
    const leaves = [root];
    while (leaves.length < options.leaves) {
      const next = bestLeaf(leaves);
      if (next < 0) break;
      const leaf = leaves[next];
      const children = this.split(leaf, leaf.split!, limits);
      leaves.splice(next, 1, ...children);
      // The last two leaves stay leaves: their histograms are not needed.
      if (leaves.length === options.leaves) {
        this.release(leaf);
        break;
      }
      this.shareHistogram(features, leaf, children);
      for (const child of children) this.plan(child, finder);
    }
    for (const leaf of leaves) this.release(leaf);
    return leaves;
  }
}

/** The leaf whose split gains most; -1 when none has a split. */
function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < leaves.length; i++) {
    const { split } = leaves[i];
    if (split === null || split.gain <= most) continue;
    best = i;
    most = split.gain;
  }
  return best;
}
