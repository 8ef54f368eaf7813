/** What a model says of a row; a module made by `riskops client` narrows it to the model's own classes. */
export interface Answer {
  /** A probability, a value in the target's unit, or of many classes the likeliest one. */
  prediction: number | string | boolean;
  class?: string | number | boolean;
  probabilities?: Record<string, number>;
}

export interface Reason {
  feature: string;
  value?: unknown;
  made_of?: Record<string, unknown>;
  contribution: number;
  direction: 'up' | 'down' | 'none';
}

/** `base`, the contributions of `reasons` and `other` add up to `margin`. */
export interface Explanation {
  class?: string | number | boolean;
  scale: 'value' | 'log-value' | 'probability' | 'log-odds' | 'log-score';
  base: number;
  margin: number;
  reasons: Reason[];
  other: number;
}

export interface Interval {
  level: number;
  lower: number;
  upper: number;
}

/** A row's answer. */
export type Predicted<A extends Answer> = A & {
  prediction_id: string;
  /** When it was asked for. */
  explanation?: Explanation;
  /** When it was asked for; null when none can be promised, and then `interval_warning` says why. */
  interval?: Interval | null;
  interval_warning?: string;
};

/** Which version answered, and what was odd about the rows. */
export interface AnswerFacts {
  model: string;
  version: number;
  run_id: string;
  threshold?: number;
  warnings?: { row: number; feature: string; code: string }[];
  warning_count?: number;
}

export type OnePrediction<A extends Answer> = Predicted<A> & AnswerFacts;
export type ManyPredictions<A extends Answer> = AnswerFacts & { predictions: Predicted<A>[] };

/** What really came of a prediction. */
export type Outcome = {
  value: number | string | boolean;
  /** A day, or a time with its zone. */
  observed_at?: string;
} & ({ prediction_id: string } | { entity: string | number | unknown[] | Record<string, unknown> });

export interface OutcomesTaken {
  received: number;
  added: number;
  unchanged: number;
  corrected: number;
  unmatched: number;
  early: number;
  notes: string[];
}

export interface ForecastRequest {
  horizon?: number;
  rows?: readonly object[];
  series?: readonly (string | number)[];
  intervals?: boolean;
}

export interface Readiness {
  ready: boolean;
  degraded?: boolean;
  warnings?: string[];
  /** Why it cannot predict. */
  reason?: string;
}
