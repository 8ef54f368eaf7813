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
  /** Of an answer that nobody got, by a version beside the promoted one: the id of the real prediction. */
  shadow_of?: string;
  /** It was given by a version that answers a share of the requests before it is promoted. */
  canary?: true;
  /** Fields of the row whose values were not kept; null stands in their place. */
  redacted?: string[];
}

export interface PredictionLogOptions {
  /** The database file; it must be there before an entry can be written, and may come later than the log. */
  database: string;
  /** `current.json`, by which the database of another store is known; nothing is written to that one. */
  currentModel?: string;
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
  /** Fields whose values are never written: names, or patterns with `*`. */
  redact?: readonly string[];
  /** Days after which entries are deleted, with their outcomes; undefined or null keeps them. */
  keepDays?: number | null;
}

/** What names the values of a row that is an array. */
export interface RowNames {
  features: readonly { name: string }[];
}

export interface PredictionLogState {
  /** Rows that are not on disk yet. */
  pending: number;
  /** Rows that will never be, since the log was opened. */
  dropped: number;
  written: number;
  /** Rows that it takes now before it has to drop one. */
  room: number;
  /** Why nothing is written at the moment; null when all is well. */
  lastError: string | null;
}

export interface PredictionLog {
  mode: PredictionLogOptions['mode'];
  /** Whether it takes values out of entries before it writes them: then it takes no lines that are made already. */
  redacts: boolean;
  /**
   * Takes entries, in the order of their ids; cheap, and neither waits nor throws. False when some were dropped
   * because too much waits already.
   * @param names what the entries' rows consist of; where values are to be redacted, a row without names keeps none
   */
  append(entries: readonly LoggedPrediction[], names?: RowNames): boolean;
  /** The same for one entry that is JSON on one line already; not where the log redacts. */
  appendLine(id: string, line: string): boolean;
  /**
   * Resolves when all that was taken so far is on disk.
   * @throws RiskopsError STORE_BUSY when `timeoutMs` is over, or the log was closed before
   */
  flush(timeoutMs?: number): Promise<void>;
  /** Writes what waits, for at most `closeMs`, and ends the thread. What could not be written counts as dropped. */
  close(): Promise<void>;
  state(): PredictionLogState;
}
