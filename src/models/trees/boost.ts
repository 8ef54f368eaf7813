import type { Task } from '../learner.js';
import type { BinnedColumns } from './bins.js';
import { DEPTH_LIMIT, type Forest } from './forest.js';
import { ForestBuilder } from './forest-builder.js';
import {
  fillHistogram,
  findBestSplit,
  type HistogramLayout,
  type HistogramSplit,
  layOutHistogram,
  type NodeTotals,
  type RowStatistics,
  type SplitLimits,
  subtractHistogram,
} from './histogram.js';
import { lossOf } from './loss.js';
import { partitionRows, thresholdOf } from './split-rows.js';

export interface BoostingOptions {
  trees: number;
  learningRate: number;
  /** The most leaves of a tree. */
  leaves: number;
  /** The fewest rows of a leaf. */
  minLeaf: number;
  /** The most splits from the root to a leaf; null for no limit. */
  maxDepth: number | null;
  l2: number;
}

/** A leaf's hessians may not sum to less: where all its rows are predicted for certain, G / H is noise. */
const MIN_HESSIAN = 1e-3;

/** A gain below this share of the squared gradients is rounding noise. */
const NOISE = 1e-12;

interface Leaf {
  node: number;
  depth: number;
  from: number;
  to: number;
  totals: NodeTotals;
  histogram?: Float64Array;
  split?: HistogramSplit;
}

/** What the growth of one tree works on; kept from tree to tree. */
interface Workshop {
  columns: BinnedColumns;
  statistics: RowStatistics;
  layout: HistogramLayout;
  rows: Int32Array;
  scratch: Int32Array;
  spare: Float64Array[];
  builder: ForestBuilder;
  options: BoostingOptions;
  maxDepth: number;
}

function openWorkshop(columns: BinnedColumns, options: BoostingOptions): Workshop {
  const { rowCount } = columns;
  const numbers = () => new Float64Array(rowCount);
  return {
    columns,
    statistics: {
      gradient: numbers(),
      hessian: numbers(),
      gradientInOrder: numbers(),
      hessianInOrder: numbers(),
    },
    layout: layOutHistogram(columns),
    rows: new Int32Array(rowCount),
    scratch: new Int32Array(rowCount),
    spare: [],
    builder: new ForestBuilder(columns.featureCount),
    options,
    maxDepth: Math.min(options.maxDepth ?? DEPTH_LIMIT, DEPTH_LIMIT),
  };
}

/** Gives a leaf its histogram, counted from its rows. */
function countLeaf({ columns, statistics, layout, rows, spare }: Workshop, leaf: Leaf): void {
  leaf.histogram = spare.pop() ?? new Float64Array(layout.length);
  fillHistogram(leaf.histogram, layout, columns, statistics, rows, leaf.from, leaf.to);
}

/** Finds a leaf's best split, or gives its histogram back when it has none. */
function planSplit(
  { columns, layout, spare, options, maxDepth }: Workshop,
  leaf: Leaf,
  limits: SplitLimits,
): void {
  if (leaf.histogram === undefined) return;
  if (leaf.depth < maxDepth && leaf.to - leaf.from >= 2 * options.minLeaf) {
    leaf.split = findBestSplit(leaf.histogram, layout, columns, leaf.totals, limits);
  }
  if (leaf.split === undefined) {
    spare.push(leaf.histogram);
    leaf.histogram = undefined;
  }
}

/** Splits a leaf as planned; the children have no histograms yet. */
function splitLeaf(
  { columns, rows, scratch, builder }: Workshop,
  leaf: Leaf,
  split: HistogramSplit,
): [Leaf, Leaf] {
  const middle = partitionRows(columns, split, rows, leaf.from, leaf.to, scratch);
  const { gradient, hessian, count } = leaf.totals;
  const { leftGradient, leftHessian, leftCount } = split;
  const node = builder.split(leaf.node, {
    feature: split.feature,
    threshold: thresholdOf(columns, split),
    missingLeft: split.missingLeft,
    leftCover: leftCount,
    rightCover: count - leftCount,
  });
  const depth = leaf.depth + 1;
  return [
    {
      node,
      depth,
      from: leaf.from,
      to: middle,
      totals: { gradient: leftGradient, hessian: leftHessian, count: leftCount },
    },
    {
      node: node + 1,
      depth,
      from: middle,
      to: leaf.to,
      totals: { gradient: gradient - leftGradient, hessian: hessian - leftHessian, count: count - leftCount },
    },
  ];
}

/** Counts the smaller child's rows; the other's histogram is the parent's less that. */
function shareHistogram(shop: Workshop, parent: Leaf, [left, right]: [Leaf, Leaf]): void {
  const [small, large] = left.to - left.from <= right.to - right.from ? [left, right] : [right, left];
  countLeaf(shop, small);
  large.histogram = parent.histogram;
  subtractHistogram(large.histogram!, small.histogram!);
}

function sumStatistics({ gradient, hessian }: RowStatistics): NodeTotals & { squares: number } {
  const totals = { gradient: 0, hessian: 0, count: gradient.length, squares: 0 };
  for (let i = 0; i < gradient.length; i++) {
    totals.gradient += gradient[i];
    totals.hessian += hessian[i];
    totals.squares += gradient[i] * gradient[i];
  }
  return totals;
}

/** Grows one tree leaf-wise: the leaf whose split gains most is split next. Returns its leaves. */
function growTree(shop: Workshop): Leaf[] {
  const { rows, builder, options, spare } = shop;
  const { squares, ...totals } = sumStatistics(shop.statistics);
  const limits = {
    minLeaf: options.minLeaf,
    minHessian: MIN_HESSIAN,
    l2: options.l2,
    minGain: NOISE * squares,
  };
  for (let row = 0; row < rows.length; row++) rows[row] = row;
  const root: Leaf = { node: builder.addTree(totals.count), depth: 0, from: 0, to: rows.length, totals };
  countLeaf(shop, root);
  planSplit(shop, root, limits);

  const leaves = [root];
  while (leaves.length < options.leaves) {
    let next = -1;
    for (let i = 0; i < leaves.length; i++) {
      const gain = leaves[i].split?.gain ?? 0;
      if (gain > (leaves[next]?.split?.gain ?? 0)) next = i;
    }
    if (next < 0) break;
    const leaf = leaves[next];
    const children = splitLeaf(shop, leaf, leaf.split!);
    leaves.splice(next, 1, ...children);
    // The last two leaves stay leaves: their histograms are not needed.
    if (leaves.length === options.leaves) {
      spare.push(leaf.histogram!);
      break;
    }
    shareHistogram(shop, leaf, children);
    for (const child of children) planSplit(shop, child, limits);
  }
  for (const leaf of leaves) if (leaf.histogram) spare.push(leaf.histogram);
  return leaves;
}

/**
 * Gradient boosting (Friedman 2001) with second-order leaf values (Chen & Guestrin 2016, eq. 5): each tree is fitted to the
 * gradients at the sum of those before it. `onTree` gets the mean training loss with the tree added.
 * The result depends on `Math.exp` and `Math.log`, which ECMAScript leaves to the engine: the same V8 gives the same bytes.
 */
export function boost(
  columns: BinnedColumns,
  y: Float64Array,
  task: Task,
  options: BoostingOptions,
  onTree: (loss: number) => void,
): { forest: Forest; base: number } {
  const loss = lossOf(task);
  const shop = openWorkshop(columns, options);
  const { statistics, rows, builder } = shop;
  const base = loss.start(y);
  const sums = new Float64Array(y.length).fill(base);
  loss.differentiate(y, sums, statistics.gradient, statistics.hessian);
  for (let tree = 0; tree < options.trees; tree++) {
    for (const { node, from, to, totals } of growTree(shop)) {
      const value =
        (options.learningRate * totals.gradient) / Math.max(totals.hessian + options.l2, MIN_HESSIAN);
      builder.setValue(node, value);
      for (let i = from; i < to; i++) sums[rows[i]] += value;
    }
    onTree(loss.differentiate(y, sums, statistics.gradient, statistics.hessian));
  }
  return { forest: builder.finish(), base };
}
