import type { ErrorCode, ErrorText } from '../errors.js';
import type { StorePlaces } from '../storage/store.js';
import type { Accuracy, AccuracyFilter } from './accuracy-types.js';
import type { DriftFilter, DriftReport } from './drift-report.js';
import type { AddOutcomesOptions, OutcomesAdded } from './outcomes.js';

/** What the thread is asked to do. */
export type WatchTask =
  | { kind: 'outcomes'; given: readonly unknown[]; options: AddOutcomesOptions }
  | { kind: 'accuracy'; filter: AccuracyFilter }
  | { kind: 'drift'; filter: DriftFilter };

/** What each of them gives. */
export interface WatchResults {
  outcomes: OutcomesAdded;
  accuracy: Accuracy;
  drift: DriftReport;
}

/** What the thread is started with. */
export interface WatchThreadData {
  places: StorePlaces;
  mode: 'read' | 'write';
}

export type ToWatchThread = { job: number; task: WatchTask } | { close: true };

/** A result, an error of the catalogue, or a fault that nobody foresaw. */
export type FromWatchThread =
  | { job: number; result: WatchResults[keyof WatchResults] }
  | { job: number; error: { code: ErrorCode; text: ErrorText } }
  | { job: number; fault: string };
