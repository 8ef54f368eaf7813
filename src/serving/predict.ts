import type { FastifyReply, FastifyRequest } from 'fastify';
import { RiskopsError } from '../errors.js';
import { calledClass, classProbabilities } from '../models/class-answer.js';
import type { LoggedPrediction } from '../monitoring/prediction-log.js';
import { toJson } from '../util/json.js';
import type { ServerContext } from './context.js';
import type { Predicted, PredictionAnswer } from './predicted.js';
import { readRows } from './read-rows.js';
import { type Scores, scoreRows } from './score-rows.js';
import type { TimeLimit } from './scoring-lane.js';
import type { ServedModel } from './served-model.js';

/** The answer of one of the rows, under an id of its own. */
export function answerOfRow(
  { header }: ServedModel,
  predictions: Float64Array,
  row: number,
  prediction_id: string,
): PredictionAnswer {
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
  { name, entry, canary }: ServedModel,
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
    ...(canary === true ? { canary } : {}),
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
  /** The model's name, undefined for the default one; or the version that was chosen for this request already. */
  model: string | undefined | ServedModel;
  rows: readonly unknown[];
  requestId: string;
  limit: TimeLimit;
}

/**
 * The version that answers a request: the one that is promoted, or the one that the hook chooses instead. A promise only when a new
 * version has to be waited for.
 * @param rows null where they are not known when the version must be, as those of a stream
 * @throws RiskopsError as the slots do
 */
export function chooseModel(
  { slots, hooks: { choose } }: ServerContext,
  name: string | undefined,
  requestId: string,
  rows: readonly unknown[] | null = null,
): ServedModel | Promise<ServedModel> {
  const pick = (promoted: ServedModel) => (choose === null ? promoted : choose(promoted, requestId, rows));
  const current = slots.current(name);
  return current instanceof Promise ? current.then(pick) : pick(current);
}

/**
 * The same for rows that only a version can read: by its signature, in its order. Where the choice goes by rows, the promoted version
 * reads them first, and the one that is chosen instead reads them again.
 * @throws RiskopsError as the slots and `read` do
 */
export async function chooseAndRead<Read extends { rows: readonly unknown[] }>(
  context: ServerContext,
  name: string | undefined,
  requestId: string,
  read: (model: ServedModel) => Read | Promise<Read>,
): Promise<{ model: ServedModel; asked: Read }> {
  const { slots, hooks } = context;
  if (!hooks.choosesByRows || hooks.choose === null) {
    const model = await chooseModel(context, name, requestId);
    return { model, asked: await read(model) };
  }
  const promoted = await slots.current(name);
  const asked = await read(promoted);
  const model = hooks.choose(promoted, requestId, asked.rows);
  return { model, asked: model === promoted ? asked : await read(model) };
}

/** Prepares and scores the rows; where a canary cannot, the promoted version does, unless the caller named the canary already. */
async function scoreAsked(
  context: ServerContext,
  model: ServedModel,
  asked: Asked,
): Promise<Pick<Predicted, 'model' | 'rows' | 'scores'>> {
  const { lane, slots, hooks } = context;
  const { limit } = asked;
  try {
    const rows = hooks.prepare === null ? asked.rows : await hooks.prepare(model, asked.rows, limit);
    return { model, rows, scores: await scoreRows(model, rows, lane, limit) };
  } catch (error) {
    const isNamed = typeof asked.model === 'object';
    const other = isNamed ? null : (hooks.instead?.(model, error, slots.loaded(model.name)) ?? null);
    if (other === null) throw error;
    return scoreAsked(context, other, asked);
  }
}

/**
 * What every protocol calls: take the model once, prepare and score the rows, log them. With `log: sync` it resolves when they are on disk.
 * @throws RiskopsError as the slots, the user's checks, `scoreRows` and the log do
 */
export async function predictRows(context: ServerContext, asked: Asked): Promise<Predicted> {
  const { log, metrics, hooks } = context;
  const { requestId, limit } = asked;
  const chosen =
    typeof asked.model === 'object' ? asked.model : chooseModel(context, asked.model, requestId, asked.rows);
  const { model, rows, scores } = await scoreAsked(
    context,
    chosen instanceof Promise ? await chosen : chosen,
    asked,
  );
  const answers = rows.map((_, row) => answerOfRow(model, scores.predictions, row, context.newId()));
  const kept = log.append(entriesOf(model, rows, answers, requestId), model.header.signature);
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
