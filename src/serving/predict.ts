import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import { calledClass, classProbabilities } from '../models/class-answer.js';
import type { LoggedPrediction } from '../monitoring/prediction-log.js';
import { toJson } from '../util/json.js';
import type { ServerContext } from './context.js';
import { readRows } from './read-rows.js';
import { type Scores, scoreRows } from './score-rows.js';
import type { TimeLimit } from './scoring-lane.js';
import type { ServedModel } from './served-model.js';

/** A row's answer; of many classes `prediction` is the class itself. */
export type PredictionAnswer = { prediction_id: string } & Pick<
  LoggedPrediction,
  'prediction' | 'probabilities'
> &
  Partial<Pick<LoggedPrediction, 'class'>>;

function answerOfRow({ header }: ServedModel, predictions: Float64Array, row: number): PredictionAnswer {
  const prediction_id = v7();
  const called = calledClass(header, predictions, row);
  const probabilities = classProbabilities(header, predictions, row);
  if (probabilities !== null && called !== null)
    return { prediction_id, prediction: called, class: called, probabilities };
  return { prediction_id, prediction: predictions[row], ...(called === null ? {} : { class: called }) };
}

/** The answer's document. One row's prediction stands at the top too. */
function answerOf({ name, entry, header }: ServedModel, predictions: PredictionAnswer[], scores: Scores) {
  const { warnings, warningCount } = scores;
  const [{ prediction_id, ...first }] = predictions;
  return {
    prediction_id,
    model: name,
    version: entry.version,
    run_id: entry.run_id,
    ...(header.threshold === null ? {} : { threshold: header.threshold }),
    ...(predictions.length === 1 ? first : {}),
    predictions,
    ...(warningCount === 0 ? {} : { warnings, warning_count: warningCount }),
  };
}

/** The log's entries of the predictions, in the same order. */
function entriesOf(
  { name, entry }: ServedModel,
  rows: readonly unknown[],
  predictions: readonly PredictionAnswer[],
  requestId: string,
): LoggedPrediction[] {
  const at = new Date().toISOString();
  return predictions.map(({ prediction_id: id, prediction, class: found = null, probabilities }, i) => ({
    id,
    at,
    request_id: requestId,
    model: name,
    version: entry.version,
    inputs: rows[i],
    prediction,
    class: found,
    ...(probabilities === undefined ? {} : { probabilities }),
  }));
}

/** With `log: sync` an answer is given when its entries are on disk, and not without them. */
async function waitForLog({ log }: ServerContext, kept: boolean, deadline: number): Promise<void> {
  if (kept) return log.flush(Math.max(1, deadline - performance.now()));
  throw new RiskopsError('STORE_BUSY', {
    what: 'The prediction log takes no more entries.',
    why: log.state().lastError ?? undefined,
  });
}

/** Rows to be predicted, whatever protocol they came by. */
export interface Asked {
  /** The model's name; undefined for the default one. */
  model: string | undefined;
  rows: readonly unknown[];
  requestId: string;
  limit: TimeLimit;
}

/** Rows that were predicted and are in the log. */
export interface Predicted {
  model: ServedModel;
  /** As they were scored: with what was looked up. */
  rows: readonly unknown[];
  scores: Scores;
  /** One a row. */
  answers: PredictionAnswer[];
  requestId: string;
}

/**
 * What every protocol calls: take the model once, prepare and score the rows, log them. With `log: sync` it resolves when they are on disk.
 * @throws RiskopsError as the slots, the user's checks, `scoreRows` and the log do
 */
export async function predictRows(context: ServerContext, asked: Asked): Promise<Predicted> {
  const { slots, lane, log, metrics, hooks } = context;
  const { requestId, limit } = asked;
  const current = slots.current(asked.model);
  const promoted = current instanceof Promise ? await current : current;
  const model = hooks.choose === null ? promoted : hooks.choose(promoted, requestId);
  const rows = hooks.prepare === null ? asked.rows : await hooks.prepare(model, asked.rows, limit);
  const scores = await scoreRows(model, rows, lane, limit);

  const answers = rows.map((_, row) => answerOfRow(model, scores.predictions, row));
  const kept = log.append(entriesOf(model, rows, answers, requestId));
  if (log.mode === 'sync') await waitForLog(context, kept, limit.deadline);
  metrics.countPredictions(model.name, rows.length);
  const predicted = { model, rows, scores, answers, requestId };
  hooks.observe?.(predicted);
  return predicted;
}

/** The answer of the predict routes as JSON. */
export function predictAnswer({ model, answers, scores }: Predicted): string {
  const answer = answerOf(model, answers, scores);
  // JSON.stringify is quicker, and writes -0 as 0.
  const hasNegativeZero = scores.predictions.some((prediction) => Object.is(prediction, -0));
  return hasNegativeZero ? toJson(answer) : JSON.stringify(answer);
}

/** Answers a request of the predict routes. */
export async function answerPredict(
  context: ServerContext,
  model: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { limits } = context;
  const limit = {
    deadline: performance.now() + limits.requestMs,
    isGone: () => request.raw.socket.destroyed,
  };
  const rows = readRows(request.body, limits.rows);
  const predicted = await predictRows(context, { model, rows, requestId: request.id, limit });
  return reply.type('application/json; charset=utf-8').send(predictAnswer(predicted));
}
