import type { PredictionLog } from '../monitoring/prediction-log.js';
import type { ServerMetrics } from './metrics.js';
import type { Predicted } from './predict.js';
import type { ScoringLane, TimeLimit } from './scoring-lane.js';
import type { ServedModel } from './served-model.js';
import type { ModelSlots } from './slots.js';
import type { StoreHandle } from './store-handle.js';

export interface Limits {
  /** The largest request body, in bytes. */
  bodyBytes: number;
  /** The most rows in one request. */
  rows: number;
  /** The longest a prediction may take, in milliseconds. */
  requestMs: number;
  /** How long a request that came after a promotion waits for the new model. */
  reloadWaitMs: number;
  /** How long a client may take to send its headers. */
  headersMs: number;
  /** How long a client may take to send its whole request. */
  receiveMs: number;
  /** How long a connection may idle between two requests. */
  keepAliveMs: number;
  /** How long a stopping server waits for what is in flight. */
  drainMs: number;
}

/** What may stand around a prediction; null where nothing does. */
export interface PredictHooks {
  /** The version that answers this request instead of the promoted one, as a canary does. */
  choose: ((promoted: ServedModel, requestId: string) => ServedModel) | null;
  /** The rows as they are to be scored; throws VALIDATION_ERROR for rows that break the user's own checks. */
  prepare:
    | ((model: ServedModel, rows: readonly unknown[], limit: TimeLimit) => Promise<readonly unknown[]>)
    | null;
  /** Told of every answer, after it was logged; cheap, neither waits nor throws. */
  observe: ((predicted: Predicted) => void) | null;
}

/** What the routes share. */
export interface ServerContext {
  limits: Limits;
  slots: ModelSlots;
  lane: ScoringLane;
  log: PredictionLog;
  metrics: ServerMetrics;
  store: StoreHandle;
  hooks: PredictHooks;
  /** Tells an operator something in one line. */
  tell(line: string): void;
  /** The code that the models come from; null when the project is no git repository. */
  git: () => Promise<GitState | null>;
}

export interface GitState {
  commit: string;
  branch: string | null;
  dirty: boolean | null;
}
