import type { ClassValue } from '../datasets/target.js';
import type { Probabilities } from '../models/class-answer.js';

/** A prediction as it is logged. */
export interface LoggedPrediction {
  /** UUID version 7: ids grow with time. */
  id: string;
  /** UTC, ISO 8601 with milliseconds. */
  at: string;
  request_id: string;
  model: string;
  version: number;
  /** The row as it was sent: an array in signature order, or an object by feature name. */
  inputs: unknown;
  /** The probability of the positive class, or the value; of three or more classes the likeliest. */
  prediction: ClassValue;
  /** The class by the model's threshold, or the likeliest; null for regression. */
  class: ClassValue | null;
  /** Of three or more classes the probability of each. */
  probabilities?: Probabilities;
}

export interface PredictionLogOptions {
  /** The database file; it must be there before an entry can be written, and may come later than the log. */
  database: string;
  /** `off` keeps nothing. `sync` and `buffered` differ only in that the caller of `sync` awaits `flush`. */
  mode: 'buffered' | 'sync' | 'off';
  /** An entry is on disk this long after `append`, when the disk is well; 100 ms. */
  maxDelayMs?: number;
  /** An entry is on its way to disk as soon as so many rows wait; also the most rows in a segment; 1,000. */
  maxRows?: number;
  /** What may wait in memory while the database takes nothing; beyond it, entries are dropped and counted. */
  maxPendingRows?: number;
  maxPendingCharacters?: number;
  /** How long `close` waits for the database; 3,000 ms. */
  closeMs?: number;
}

export interface PredictionLogState {
  /** Rows that are not on disk yet. */
  pending: number;
  /** Rows that will never be, since the log was opened. */
  dropped: number;
  written: number;
  /** Why nothing is written at the moment; null when all is well. */
  lastError: string | null;
}

export interface PredictionLog {
  mode: PredictionLogOptions['mode'];
  /**
   * Takes entries, in the order of their ids; cheap, and neither waits nor throws. False when some were dropped
   * because too much waits already.
   */
  append(entries: readonly LoggedPrediction[]): boolean;
  /**
   * Resolves when all that was taken so far is on disk.
   * @throws RiskopsError STORE_BUSY when `timeoutMs` is over, or the log was closed before
   */
  flush(timeoutMs?: number): Promise<void>;
  /** Writes what waits, for at most `closeMs`, and ends the thread. What could not be written counts as dropped. */
  close(): Promise<void>;
  state(): PredictionLogState;
}
