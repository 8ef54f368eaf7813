import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { PredictionLog } from '../monitoring/prediction-log.js';
import type { WatchThread } from '../monitoring/watch-thread.js';
import type { ServerActions } from './actions.js';
import type { Guard } from './auth/guard.js';
import type { HostCheck } from './host-check.js';
import type { ServerMetrics } from './metrics.js';
import type { Predicted } from './predicted.js';
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
  /** The most connections that are open at a time. */
  connections: number;
  /** The most requests that are answered at a time; those for what is public are not turned away. */
  inFlight: number;
}

/** What may stand around a prediction; null where nothing does. */
export interface PredictHooks {
  /** The version that answers this request instead of the promoted one, as a canary does; `rows` are null where they are not known. */
  choose: ((promoted: ServedModel, requestId: string, rows: readonly unknown[] | null) => ServedModel) | null;
  /** Whether `choose` goes by the rows: then nothing is chosen for a request before its rows are read. */
  choosesByRows: boolean;
  /** The version that answers where `failed` could not; null lets the error stand. */
  instead: ((failed: ServedModel, error: unknown, promoted: ServedModel | null) => ServedModel | null) | null;
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
  /** Threads of their own: one writes outcomes, the other measures accuracy. */
  watch: { outcomes: WatchThread; accuracy: WatchThread };
  /** The fields of a model's rows that name the thing that outcomes are told about. */
  entity: (model: string) => readonly string[];
  hooks: PredictHooks;
  /** Versions that are tried on live traffic; `warnings` says what an operator should know of them, a line each. */
  trials: { warnings(): string[]; close(): Promise<void> };
  /** Ids by which a version was chosen already, of requests that go the long way after all: it takes them first. */
  spareIds: string[];
  /** An id for a prediction; they grow. */
  newId: () => string;
  /** Who may do what. */
  guard: Guard;
  hosts: HostCheck;
  /** What every path begins with: `/api`, or nothing. */
  basePath: string;
  /** What changes the registry and the tokens, in processes of their own. */
  actions: ServerActions;
  /** What the server has to do at this moment. */
  load: { inFlight: number };
  /** Connections whose rows come and go as a stream, which may take its time. */
  streams: Set<Duplex>;
  /** Routes that were handed to the server, besides its own. */
  routes: readonly Route[];
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

/** A route: a file with one of these, a line in `all.ts` and a test. Its schema is what `/openapi.json` says of it. */
export type Route = (app: FastifyInstance, context: ServerContext) => void;
