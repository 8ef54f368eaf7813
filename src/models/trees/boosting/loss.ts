import type { Space } from '../space.js';
import type { GrowthKernel } from './kernel.js';

/** What a regression makes small. */
export const REGRESSION_LOSSES = ['squared', 'absolute', 'quantile'] as const;

export interface LossOptions {
  /** Of a regression. */
  loss: (typeof REGRESSION_LOSSES)[number];
  /** The share of targets below the prediction, for the quantile loss. */
  quantile: number;
}

/** Targets and how much each counts. */
export interface Targets {
  y: Float64Array;
  weights: Float64Array | null;
}

/** What a loss works with. */
export interface LossRoom extends Targets {
  classCount: number;
  options: LossOptions;
  kernel: GrowthKernel;
  space: Space;
  /** Of the output that is differentiated: the negative gradient and the hessian of each row, times its weight. */
  gradient: Float64Array;
  hessian: Float64Array;
}

/** Rows of a leaf. */
export interface LeafRows {
  rows: Int32Array;
  from: number;
  to: number;
  /** Rows that count, where not all do. */
  drawn: Uint8Array | null;
}

/** A loss that boosting makes small, at the present sums of leaves: one array an output. Log-odds, or the logarithms of classes' odds, for classes. */
export interface Loss {
  /** The constants that fit best: where boosting starts. */
  bases: number[];
  /** Gets ready for a round; returns the mean loss. */
  begin(sums: Float64Array[]): number;
  /** Fills gradient and hessian for an output. */
  differentiate(output: number): void;
  /** What no gradient and no hessian exceeds; where it is left out, the greatest ones are looked up. */
  bounds?: { gradient: number; hessian: number };
  /** The value of a leaf, where it is not gradients over hessians. */
  refit?(leaf: LeafRows): number;
  /** The mean loss of other rows at their sums. */
  meanOf(others: Targets, sums: Float64Array[]): number;
}
