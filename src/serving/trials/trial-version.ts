import type { PredictionLog } from '../../monitoring/prediction-log.js';
import type { PointerEntry } from '../../registry/current.js';

/** A version beside the promoted one; or, where it was asked for and is not to be had, why. */
export type TrialVersion =
  | { model: string; entry: Omit<PointerEntry, 'promoted_at' | 'promotion_id'> }
  | { failure: string };

/** Versions that a server tries on live traffic; null for none. */
export interface TrialOptions {
  shadow: TrialVersion | null;
  /** `share` of the things that rows are about, or of the requests, is its, between 0 and 1. */
  canary: { version: TrialVersion; share: number } | null;
}

/** What a trial needs of its server. */
export interface TrialContext {
  artifacts: string;
  database: string;
  logMode: PredictionLog['mode'];
  /** Fields whose values the prediction log never keeps. */
  redact: readonly string[];
  /** Names that a model's rows may have besides its features. */
  beside: (model: string) => readonly string[];
  /** The fields of a model's rows that name the thing that a row is about. */
  entity: (model: string) => readonly string[];
  /** Tells an operator something in one line. */
  tell(line: string): void;
}

/** A figure of a trial for `/metrics`. */
export interface TrialFigure {
  name: string;
  help: string;
  read(): number;
}

/** A version on trial. */
export interface Trial {
  /** Why it does not take part; null while it does. */
  failure(): string | null;
  figures: readonly TrialFigure[];
  close(): Promise<void>;
}

/** A trial that never began. */
export function failedTrial(kind: 'shadow' | 'canary', failure: string): Trial {
  const figures = [{ name: `${kind}_failing`, help: failingHelp(kind), read: () => 1 }];
  return { failure: () => failure, figures, close: async () => {} };
}

export const failingHelp = (kind: 'shadow' | 'canary') =>
  `1 while the ${kind} that was asked for does not take part.`;
