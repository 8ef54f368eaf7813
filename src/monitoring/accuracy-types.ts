import type { TargetTask } from '../datasets/target.js';

/** Which predictions are measured, and how they are cut up. */
export interface AccuracyFilter {
  model: string;
  version?: number;
  /** Predictions from this UTC time on; from the first one when left out. */
  from?: string;
  /** Predictions before this UTC time; up to now when left out. */
  to?: string;
  /** Fields of the row, or `version`: their values, or the quarters of their numbers, are the segments. */
  by?: readonly string[];
  /** Names of the metrics; all of the task when left out. */
  metrics?: readonly string[];
  /** Length of the windows of the series in milliseconds; no series when left out. */
  windowMs?: number;
  /** The fields of a row that name the thing that outcomes are told about; outcomes by thing are not joined without them. */
  entity?: readonly string[];
  /** The answers that versions beside the promoted one gave, which nobody got; false. They have the outcome of the real prediction. */
  shadow?: boolean;
}

/** A metric with its 95 % interval. */
export interface MetricEstimate {
  name: string;
  /** Null where it cannot be told; `why` says so then. */
  value: number | null;
  lower: number | null;
  upper: number | null;
  why: string | null;
}

/** How good predictions were. */
export interface Measured {
  /** Predictions, with an outcome or without. */
  predictions: number;
  /** Those with an outcome that fits the model. */
  with_outcome: number;
  /** The share of them; null without a prediction. */
  coverage: number | null;
  /** Binary: outcomes of the positive class; null for another task. */
  positives: number | null;
  /** In the order they are shown. */
  metrics: MetricEstimate[];
  /** Why there are no metrics, such as `12 outcomes: too few, 30 are needed`; null when there are. */
  too_few: string | null;
  /** The middle one of the times between prediction and outcome, in milliseconds; null without outcomes. */
  median_delay_ms: number | null;
}

export interface AccuracySegment extends Measured {
  /** Of each field of `by` what its values are here: `card`, `12 to <30` (30 itself is in the next). */
  segment: Record<string, string>;
}

export interface AccuracyWindow extends Measured {
  /** UTC; the window has the predictions from `from` on and before `to`. */
  from: string;
  to: string;
}

/** What one of the versions predicted. */
export interface AccuracyVersion extends Measured {
  version: number;
  /** What this version had on its held-out rows when it was trained; null when that is not on record. */
  holdout: Record<string, number> | null;
}

/** What was measured of a model. */
export interface Accuracy {
  model: string;
  /** Of the predictions' versions; null when none of them is on record. */
  task: TargetTask | null;
  /** Each version that made some of them by itself; the one that made most comes first. */
  versions: AccuracyVersion[];
  from: string | null;
  to: string | null;
  confidence: 0.95;
  overall: Measured;
  /** The largest first; at most 100. */
  segments: AccuracySegment[];
  /** Oldest first, from the first one with a prediction to the last one with a prediction; empty without `windowMs`. */
  windows: AccuracyWindow[];
  /** Of the version that made most of the predictions, and that is named here, `holdout` of `versions`; null when that is not on record. */
  holdout: { version: number; metrics: Record<string, number> } | null;
  /** What the numbers do not say: outcomes that do not fit the model, segments left out. */
  notes: string[];
}
