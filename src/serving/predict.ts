import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 } from 'uuid';
import { RiskopsError } from '../errors.js';
import { calledClass, classProbabilities } from '../models/class-answer.js';
import type { LoggedPrediction } from '../monitoring/prediction-log.js';
import { toJson } from '../util/json.js';
import type { ServerContext } from './context.js';
import { readRows } from './read-rows.js';
import { type Scores, scoreRows } from './score-rows.js';
import type { ServedModel } from './served-model.js';

/** A row's answer; of many classes `prediction` is the class itself. */
type PredictionAnswer = { prediction_id: string } & Pick<LoggedPrediction, 'prediction' | 'probabilities'> &
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

/** Answers a predict request: validate, take the current model once, score, log, answer. */
export async function answerPredict(
  context: ServerContext,
  modelName: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { limits, slots, lane, log, metrics } = context;
  const deadline = performance.now() + limits.requestMs;
  const rows = readRows(request.body, limits.rows);
  const current = slots.current(modelName);
  const model = current instanceof Promise ? await current : current;
  const scores = await scoreRows(model, rows, lane, { deadline, isGone: () => request.raw.socket.destroyed });

  const predictions = rows.map((_, row) => answerOfRow(model, scores.predictions, row));
  const kept = log.append(entriesOf(model, rows, predictions, request.id));
  if (log.mode === 'sync') await waitForLog(context, kept, deadline);
  metrics.countPredictions(model.name, rows.length);

  const answer = answerOf(model, predictions, scores);
  // JSON.stringify is quicker, and writes -0 as 0.
  const hasNegativeZero = scores.predictions.some((prediction) => Object.is(prediction, -0));
  return reply
    .type('application/json; charset=utf-8')
    .send(hasNegativeZero ? toJson(answer) : JSON.stringify(answer));
}
