import type { FastifyReply, FastifyRequest } from 'fastify';
import { Explainer, type RowExplanation } from '../models/explain/explainer.js';
import { PROVED_ROWS } from '../models/explain/margin-scale.js';
import { type HalfWidth, halfWidthOf } from '../models/intervals.js';
import type { ServerContext } from './context.js';
import { Pace } from './pace.js';
import { chooseModel, predictAnswer, predictRows } from './predict.js';
import type { Predicted } from './predicted.js';
import { QueryReader } from './query.js';
import { readRows } from './read-rows.js';
import type { TimeLimit } from './scoring-lane.js';
import type { ServedModel } from './served-model.js';

const DEFAULT_TOP = 3;
const MOST_TOP = 1_000;
/** Contributions of a row take some hundred times as long as its answer. */
const MOST_ROWS = 100;
/** What is quicker than this runs at once; more runs in the lane, so that nobody else waits for it. */
const AT_ONCE_MS = 2;

/** What an answer is to carry besides the predictions. */
export interface Asked {
  /** How many reasons each row is to have; null without an explanation. */
  top: number | null;
  /** How often the truth is to lie inside the interval; null without one. */
  level: number | null;
}

/**
 * `explain`, `top` and `interval` of a URL.
 * @param explain whether the route itself asks for an explanation
 * @throws RiskopsError VALIDATION_ERROR naming every parameter that is odd
 */
export function readAsked(query: unknown, explain: boolean): Asked {
  const reader = new QueryReader(query as Record<string, unknown>);
  const wanted = reader.flag('explain', explain) || explain;
  const top = reader.wholeNumber('top', { min: 1, max: MOST_TOP, default: DEFAULT_TOP });
  const level = reader.share('interval');
  reader.end();
  return { top: wanted ? top : null, level };
}

/** What a model's explanations need, made when the first is asked for. */
interface Kept {
  explainer: Explainer;
  pace: Pace;
}

/** Explains what was predicted, in slices that leave others their turn. */
export class Explanations {
  readonly #kept = new WeakMap<ServedModel, Kept>();

  constructor(private readonly context: Pick<ServerContext, 'lane'>) {}

  /** @throws RiskopsError EXPLANATION_UNAVAILABLE */
  of(model: ServedModel): Kept {
    const known = this.#kept.get(model);
    if (known !== undefined) return known;
    const begun = performance.now();
    const explainer = new Explainer(model.predictor);
    const pace = new Pace();
    // Its making explains some rows: a slow model's first request is no guess.
    pace.msPerRow = Math.max(pace.msPerRow, (performance.now() - begun) / PROVED_ROWS);
    const kept = { explainer, pace };
    this.#kept.set(model, kept);
    return kept;
  }

  /** @throws RiskopsError EXPLANATION_UNAVAILABLE, SERVER_BUSY, REQUEST_TIMEOUT */
  async explain(
    { model, rows, scores }: Predicted,
    top: number,
    limit: TimeLimit,
  ): Promise<RowExplanation[]> {
    const { explainer, pace } = this.of(model);
    const { predictor, encoder, header } = model;
    const { outputs } = predictor;
    const { features } = header.signature;
    const found: RowExplanation[] = [];
    const slice = (from: number, to: number) => {
      const begun = performance.now();
      const { cells } = encoder.encode(rows.slice(from, to));
      const explanation = explainer.explainCells(cells, to - from);
      for (let row = from; row < to; row++) {
        const answer = scores.predictions.subarray(row * outputs, (row + 1) * outputs);
        const given = (feature: string) => valueIn(rows[row], feature, features);
        found.push(explainer.explainRow(explanation, row - from, answer, { top, given }));
      }
      pace.note(to - from, performance.now() - begun);
    };
    const { lane } = this.context;
    if (rows.length * pace.msPerRow <= AT_ONCE_MS) slice(0, rows.length);
    // Rows that build on each other are explained as a whole.
    else if (predictor.sequential)
      await lane.run(1, rows.length * pace.msPerRow, () => slice(0, rows.length), limit);
    else await lane.run(rows.length, pace.msPerRow, slice, limit);
    return found;
  }
}

/** What a row says of a feature, by name or by position. */
function valueIn(row: unknown, feature: string, features: readonly { name: string }[]): unknown {
  if (Array.isArray(row)) return row[features.findIndex(({ name }) => name === feature)];
  return typeof row === 'object' && row !== null && Object.hasOwn(row, feature)
    ? (row as Record<string, unknown>)[feature]
    : undefined;
}

/** A range round a prediction, or why there is none. */
function intervalOf(prediction: number, level: number, width: HalfWidth) {
  if (width.halfWidth === null) return { interval: null, interval_warning: width.warning };
  return { interval: { level, lower: prediction - width.halfWidth, upper: prediction + width.halfWidth } };
}

/**
 * Answers a request that asks for predictions with explanations or intervals: the answer of /predict, in which each row has them too.
 * @throws RiskopsError as `predictRows` does; EXPLANATION_UNAVAILABLE, OPTION_INVALID
 */
export async function answerExplained(
  context: ServerContext,
  explanations: Explanations,
  model: string | undefined,
  { request, reply, asked }: { request: FastifyRequest; reply: FastifyReply; asked: Asked },
): Promise<FastifyReply> {
  const { limits } = context;
  const limit = {
    deadline: performance.now() + limits.requestMs,
    isGone: () => request.raw.socket.destroyed,
  };
  const { top, level } = asked;
  const rows = readRows(request.body, top === null ? limits.rows : Math.min(limits.rows, MOST_ROWS));
  const served = await chooseModel(context, model, request.id, rows);
  // What it cannot do is told before anything is predicted and logged.
  if (top !== null) explanations.of(served);
  const width = level === null ? null : halfWidthOf(served.header, level);
  const predicted = await predictRows(context, { model: served, rows, requestId: request.id, limit });
  const explained = top === null ? null : await explanations.explain(predicted, top, limit);
  const answers = predicted.answers.map((answer, row) => ({
    ...answer,
    ...(width === null || level === null ? {} : intervalOf(predicted.scores.predictions[row], level, width)),
    ...(explained === null ? {} : { explanation: explained[row] }),
  }));
  return reply.type('application/json; charset=utf-8').send(predictAnswer({ ...predicted, answers }));
}
