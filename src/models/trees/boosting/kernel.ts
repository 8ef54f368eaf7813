import type { BinSplit } from '../split-rows.js';

/** Sums over the rows of a node, in whole numbers; see Units. */
export interface Totals {
  gradient: number;
  hessian: number;
  count: number;
}

/** A split with what is on its left side, and its score: what both sides' values take off the loss, twice. */
export interface FoundSplit extends BinSplit {
  score: number;
  left: Totals;
}

/** What a leaf must have, and the penalties on its value, in the units of the sums. */
export interface SplitLimits {
  minLeaf: number;
  minHessian: number;
  l1: number;
  l2: number;
}

/**
 * Gradients and hessians are counted as whole numbers: a number times 2^k, rounded. Sums of them are exact, so that they
 * are the same in any order, and what is left of a parent's histogram without one child's is just the other child's.
 */
export interface Units {
  gradientScale: number;
  hessianScale: number;
  /** The sum of all hessians is below 2 to this. */
  hessianBits: number;
}

/** A histogram that the kernel keeps, by its number. */
export type Histogram = number;

/**
 * The hot loops of boosting, on arrays of one space. Two kernels do the same, to the bit: WebAssembly, and its plain twin.
 */
export interface GrowthKernel {
  /** values[i] = e^values[i]. */
  exponentials(values: Float64Array): void;
  /**
   * Gradients and hessians of the log loss at log-odds, and 1 + e^-|sum| of each row, whose logarithm is a part of the loss. Returns
   * the sum of the other part: max(sum, 0) - y sum.
   */
  logistic(
    sums: Float64Array,
    y: Float64Array,
    gradient: Float64Array,
    hessian: Float64Array,
    over: Float64Array,
  ): number;
  /** The greatest size of these numbers. */
  greatest(values: Float64Array): number;
  /** The sum of the logarithms of numbers from 1 to 2. */
  sumLogs(values: Float64Array): number;
  /** Takes the rows' statistics in, of rows whose `drawn` is 1 where it is given; returns their sums, and that of the gradients' squares. */
  quantise(
    gradient: Float64Array,
    hessian: Float64Array,
    drawn: Uint8Array | null,
    units: Units,
  ): Totals & { squares: number };
  /** A histogram, to be counted or given back. */
  take(): Histogram;
  giveBack(histogram: Histogram): void;
  /** Sums the statistics of rows[from..to) by bin, of these features. */
  count(histogram: Histogram, features: Int32Array, rows: Int32Array, from: number, to: number): void;
  /** Takes a child's histogram from its parent's. */
  subtract(parent: Histogram, child: Histogram): void;
  /** The best split by one of these features, all of numbers, whose score is above `score`; null when there is none. */
  findSplit(
    histogram: Histogram,
    features: Int32Array,
    node: Totals,
    limits: SplitLimits,
    score: number,
  ): FoundSplit | null;
  /** Gradient, hessian and count of each bin of a feature, its missing values last when it has any. */
  unpack(histogram: Histogram, feature: number): Float64Array;
  /** Sorts rows[from..to) by the side of a split that they go to, each side in its order; returns where the right side begins. */
  partition(split: BinSplit, rows: Int32Array, from: number, to: number): number;
  /** rows[i] = i */
  numberRows(rows: Int32Array): void;
  /** The sums of gradients and hessians over rows[from..to), not rounded, in their order. */
  sumRows(
    gradient: Float64Array,
    hessian: Float64Array,
    rows: Int32Array,
    from: number,
    to: number,
  ): { gradient: number; hessian: number };
  addToRows(sums: Float64Array, rows: Int32Array, from: number, to: number, value: number): void;
}

/** A product of so many numbers from 1 to 2 is a finite number: its logarithm is taken once. */
export const LOGS_AT_ONCE = 512;

/** Where each feature's entries stand in a histogram, and how many there are. */
export function layOutHistogram(
  valueBins: Int32Array,
  hasMissing: Uint8Array,
): { offsets: Int32Array; entries: number } {
  const offsets = new Int32Array(valueBins.length);
  let entries = 0;
  for (let f = 0; f < valueBins.length; f++) {
    offsets[f] = entries;
    entries += valueBins[f] + hasMissing[f];
  }
  return { offsets, entries };
}
