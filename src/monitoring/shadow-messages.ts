import type { LoggedPrediction } from './logged-prediction.js';
import type { AskedRow } from './version-answers.js';

/** What the shadow's thread needs to begin. */
export interface ShadowThreadData {
  model: string;
  version: number;
  /** The version's model file. */
  file: string;
  sha256: string;
  /** The database that the thread writes its answers to. */
  database: string;
  /** Fields whose values the prediction log never keeps. */
  redact: readonly string[];
}

/** A row that was answered, and what the log's entry of the shadow takes over from the real one. */
export interface OfferedRow extends AskedRow, Pick<LoggedPrediction, 'id' | 'request_id'> {
  /** When it was answered, in milliseconds since 1970. */
  at: number;
}

/** What the shadow's thread is asked. One batch is under way at a time. */
export type ToShadowThread = { kind: 'rows'; batch: number; rows: OfferedRow[] } | { kind: 'close' };

/** Its model is loaded, or cannot be; what became of a batch's rows. */
export type FromShadowThread =
  | { kind: 'ready' }
  | { kind: 'refused'; why: string }
  /** `lost`: rows that were answered and that the log did not take. */
  | { kind: 'done'; batch: number; answered: number; unread: number; lost: number };
