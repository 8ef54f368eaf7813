/** The typed client: `import { createClient } from 'riskops/client'`. It needs `fetch` alone, and runs in a browser too. */
import type {
  Answer,
  ForecastRequest,
  ManyPredictions,
  OnePrediction,
  Outcome,
  OutcomesTaken,
  Readiness,
} from './answers.js';
import { type CallOptions, Transport, type TransportOptions } from './transport.js';

export type * from './answers.js';
export { type ClientErrorCode, RiskopsClientError } from './client-error.js';
export type { CallOptions } from './transport.js';

export interface ClientOptions extends TransportOptions {
  /** The model that is asked; the server's default one when left out. */
  model?: string;
}

/** What a prediction may carry besides itself. */
export interface PredictOptions extends CallOptions {
  /** With what the features add to the answer; at most 100 rows. */
  explain?: boolean;
  /** How many features an explanation names; 3. */
  top?: number;
  /** Of a regression: how often the truth is to lie in the interval, such as 0.9. */
  interval?: number;
}

export type ExplainOptions = Omit<PredictOptions, 'explain'>;

/**
 * A server, as a program sees it. Every call rejects with a `RiskopsClientError`, or with the reason of the signal that ended it.
 * @typeParam Row what the model takes
 * @typeParam A what it answers
 */
export interface Client<Row extends object, A extends Answer> {
  /** The answer for one row. */
  predict(row: Row, options?: PredictOptions): Promise<OnePrediction<A>>;
  /** The answers for rows, in their order. */
  predictMany(rows: readonly Row[], options?: PredictOptions): Promise<ManyPredictions<A>>;
  /** The answer for one row, with what the features add to it. */
  explain(row: Row, options?: ExplainOptions): Promise<OnePrediction<A>>;
  explainMany(rows: readonly Row[], options?: ExplainOptions): Promise<ManyPredictions<A>>;
  /** What comes next in every series of a forecaster. */
  forecast(request?: ForecastRequest, options?: CallOptions): Promise<Record<string, unknown>>;
  /** Tells what really came of a prediction; never sent twice by itself. */
  outcome(outcome: Outcome, options?: CallOptions): Promise<OutcomesTaken>;
  outcomes(outcomes: readonly Outcome[], options?: CallOptions): Promise<OutcomesTaken>;
  /** The server's default model: its inputs, metrics and threshold. */
  model(options?: CallOptions): Promise<Record<string, unknown>>;
  models(options?: CallOptions): Promise<Record<string, unknown>>;
  version(options?: CallOptions): Promise<Record<string, unknown>>;
  health(options?: CallOptions): Promise<{ status: string; model_loaded: boolean; timestamp: string }>;
  /** Whether the server can predict; it resolves when it cannot, too, with the reason. */
  ready(options?: CallOptions): Promise<Readiness>;
}

interface ReadyBody {
  ready: boolean;
  degraded?: boolean;
  warnings?: string[];
  error?: { message?: string };
}

/** A client of one server, and of one model where it is named. */
export function createClient<Row extends object = Record<string, unknown>, A extends Answer = Answer>(
  options: ClientOptions,
): Client<Row, A> {
  const { model, ...transportOptions } = options;
  const transport = new Transport(transportOptions);
  const get = <T>(path: string, call: CallOptions = {}) =>
    transport.send<T>({ ...call, method: 'GET', path });
  const ofModel = (route: string) =>
    model === undefined ? `/${route}` : `/models/${encodeURIComponent(model)}/${route}`;
  const ask = <T>(route: string, inputs: unknown, { explain, top, interval, ...call }: PredictOptions) =>
    transport.send<T>({
      ...call,
      method: 'POST',
      path: ofModel(route),
      query: { explain: explain === true ? true : undefined, top, interval },
      body: { inputs },
    });
  const one = (route: string, row: Row, given: PredictOptions = {}) =>
    ask<OnePrediction<A>>(route, row, given);
  const many = (route: string, rows: readonly Row[], given: PredictOptions = {}) =>
    ask<ManyPredictions<A>>(route, rows, given);
  const told = (outcome: Outcome) =>
    'entity' in outcome && model !== undefined ? { model, ...outcome } : outcome;
  const tell = (body: unknown, call: CallOptions = {}) =>
    transport.send<OutcomesTaken>({ ...call, method: 'POST', path: '/outcomes', body, once: true });
  return {
    predict: (row, given) => one('predict', row, given),
    predictMany: (rows, given) => many('predict', rows, given),
    explain: (row, given) => one('explain', row, given),
    explainMany: (rows, given) => many('explain', rows, given),
    forecast: (request = {}, call = {}) =>
      transport.send({ ...call, method: 'POST', path: ofModel('forecast'), body: request }),
    outcome: (outcome, call) => tell(told(outcome), call),
    outcomes: (outcomes, call) => tell({ outcomes: outcomes.map(told) }, call),
    model: (call) => get('/model', call),
    models: (call) => get('/models', call),
    version: (call) => get('/version', call),
    health: (call) => get('/health', call),
    async ready(call = {}) {
      const { ready, degraded, warnings, error } = await transport.send<ReadyBody>({
        ...call,
        method: 'GET',
        path: '/ready',
        also: [503],
      });
      return {
        ready,
        ...(degraded === undefined ? {} : { degraded }),
        ...(warnings === undefined ? {} : { warnings }),
        ...(error?.message === undefined ? {} : { reason: error.message }),
      };
    },
  };
}
