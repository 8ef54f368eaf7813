import type { ReferenceProfile } from '../models/reference-profile.js';

/** Which rows to judge, and beside what. */
export interface DriftFilter {
  model: string;
  /** The version that answered, by its number or an alias; the current one. */
  version?: number | string;
  /** From this UTC time on, and up to that one, it not included. */
  from?: string;
  to?: string;
  /** The newest so many rows alone, 1 to 20,000. */
  rows?: number;
  /** `v3`: the rows that version 3 learned from; `window:FROM..TO`: rows of the log; the version's own training rows. */
  reference?: string;
  /** The least share of the rows, above 0 and to 1, that must lie elsewhere; 0.1. */
  leastEffect?: number;
}

/** `undecided`: too few rows, or a reference that says too little of them. */
export type DriftVerdict = 'drift' | 'no drift' | 'undecided';

/** One feature, or the scores, beside the reference. */
export interface DriftedPart {
  name: string;
  kind: 'numbers' | 'categories' | 'scores';
  /** Rows of the window that were compared. */
  rows: number;
  /** Shares of the rows without a value, in the window and in the reference. */
  missing: number;
  missing_reference: number;
  /** The p-value of that, adjusted over all tests; null where neither has any. */
  missing_p: number | null;
  /** The share of the rows, 0 to 1, that lie elsewhere than in the reference. */
  effect: number | null;
  /** The p-value of that, adjusted over all tests. */
  p: number | null;
  /** Of numbers: how much higher the mean lies, in standard deviations of the reference. */
  shift: number | null;
  /** The share of the values with a category that the reference lacks. */
  unseen: number | null;
  /** Shown from 200 rows on, never judged by. */
  psi: number | null;
  drifted: boolean;
  /** What drifted: the values, or how often they are missing. */
  by: 'values' | 'missing' | null;
}

/** A verdict on one window, with nothing in it but counts and shares. */
export interface DriftReport {
  model: string;
  version: number;
  verdict: DriftVerdict;
  /** The verdict in one sentence. */
  sentence: string;
  window: {
    /** UTC times of the oldest and the newest row; null without rows. */
    from: string | null;
    to: string | null;
    /** Rows in the log. */
    rows: number;
    /** Rows that were compared: a sample where there are more than 20,000. */
    looked: number;
  };
  /** The fewest rows that are judged. */
  fewest_rows: number;
  /** Rows that are missing for a verdict; 0 when there are enough. */
  rows_needed: number;
  reference: {
    /** `training`, `v3` or `window:FROM..TO`. */
    name: string;
    /** Rows that it was made from. */
    rows: number;
    /** Hours in a block of the week, where hours and weekdays are compared with the same ones. */
    season_hours: NonNullable<ReferenceProfile['seasons']>['hours'] | null;
  };
  /** Features with a test, the largest effect first. */
  features: DriftedPart[];
  scores: DriftedPart | null;
  /** Features that are not judged, and why. */
  left_out: { name: string; why: string }[];
  notes: string[];
}
