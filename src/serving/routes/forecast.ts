import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { RiskopsError } from '../../errors.js';
import { toJson } from '../../util/json.js';
import { printable, suggestWord } from '../../util/text.js';
import type { ServerContext } from '../context.js';
import { chooseModel } from '../predict.js';
import { type FieldProblem, invalidFields } from '../problems.js';
import type { ServedModel } from '../served-model.js';
import { errorAnswers, type Route } from './route.js';

/** A forecast under way: `advance` is called `steps` times, with other work in between. */
export interface ForecastSteps {
  steps: number;
  advance(): void;
  result(): { rows: { intervals: object }[] };
}

/** What the request says of it. */
export interface ForecastWishes {
  horizon?: number;
  rows?: readonly unknown[];
  series?: readonly (string | number)[];
}

/** How a served version forecasts: handed in, for the server itself only knows rows. */
export type Forecaster = (
  asked: ForecastWishes & Pick<ServedModel, 'name' | 'predictor' | 'encoder'> & { version: number },
) => Promise<ForecastSteps>;

const FIELDS = ['model', 'horizon', 'rows', 'series', 'intervals'] as const;
const MOST_STEPS = 1_000;
const MOST_SERIES = 1_000;
/** A step takes about so long before its pace is known, in milliseconds. */
const STEP_MS = 5;

type Body = Record<string, unknown>;

function fieldProblems(body: Body, maxRows: number, hasName: boolean): FieldProblem[] {
  const known = FIELDS.filter((field) => field !== 'model' || !hasName);
  const unknown = Object.keys(body)
    .filter((key) => !known.some((field) => field === key))
    .slice(0, 20)
    .map((key) => ({
      field: printable(key, 40),
      problem: `is no field of the request; ${suggestWord(key, known)}`,
    }));
  const checks: [string, string, (value: unknown) => boolean][] = [
    ['model', 'must be the name of a model', (value) => typeof value === 'string'],
    [
      'horizon',
      `must be a whole number from 1 to ${MOST_STEPS}`,
      (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_STEPS,
    ],
    ['rows', 'must be a list of rows, and not empty', (value) => Array.isArray(value) && value.length > 0],
    [
      'series',
      `must be a list of up to ${MOST_SERIES} names`,
      (value) =>
        Array.isArray(value) &&
        value.length > 0 &&
        value.length <= MOST_SERIES &&
        value.every((name) => typeof name === 'string' || typeof name === 'number'),
    ],
    ['intervals', 'must be true or false', (value) => typeof value === 'boolean'],
  ];
  const wrong = checks.flatMap(([field, problem, fits]) =>
    body[field] === undefined || fits(body[field]) ? [] : [{ field, problem }],
  );
  const { rows } = body;
  if (Array.isArray(rows) && rows.length > maxRows) throw tooManyRows(rows.length, maxRows);
  return [...unknown, ...wrong];
}

function tooManyRows(rows: number, limit: number): RiskopsError {
  return new RiskopsError('TOO_MANY_ROWS', {
    what: `The request has ${rows} rows.`,
    why: `The limit is ${limit}.`,
    fix: 'send the newest rows of each series: those that the model looks back on',
    details: { rows, limit },
  });
}

function readBody(body: unknown, maxRows: number, hasName: boolean) {
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw new RiskopsError('BODY_INVALID', {
      what: 'The request body must be a JSON object.',
      why: 'Like {"horizon": 6}.',
    });
  const problems = fieldProblems(given as Body, maxRows, hasName);
  if (problems.length > 0) throw invalidFields('The request does not fit.', problems);
  const {
    model,
    intervals = true,
    ...wishes
  } = given as ForecastWishes & { model?: string; intervals?: boolean };
  return { model, intervals, wishes };
}

async function answerForecast(
  { context, forecaster, name }: { context: ServerContext; forecaster: Forecaster; name: string | undefined },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { limits, lane } = context;
  const limit = {
    deadline: performance.now() + limits.requestMs,
    isGone: () => request.raw.socket.destroyed,
  };
  const { model: asked, intervals, wishes } = readBody(request.body, limits.rows, name !== undefined);
  const model = await chooseModel(context, name ?? asked, request.id, wishes.rows ?? null);
  const { predictor, encoder, entry } = model;
  const work = await forecaster({ ...wishes, name: model.name, version: entry.version, predictor, encoder });
  await lane.run(
    work.steps,
    STEP_MS,
    (from, to) => {
      for (let step = from; step < to; step++) work.advance();
    },
    limit,
  );
  const found = work.result();
  const answer = intervals ? found : { ...found, rows: found.rows.map(({ intervals: _, ...row }) => row) };
  return reply.type('application/json; charset=utf-8').send(toJson(answer));
}

const time = { type: ['string', 'number'], description: 'A date, or the number that orders the rows.' };
const series = { type: ['string', 'number', 'null'], description: 'null where there is one series.' };
const row = { type: ['object', 'array'] };

const body = (hasName: boolean) => ({
  type: ['object', 'null'],
  properties: {
    ...(hasName ? {} : { model: { type: 'string', description: 'The default model when not given.' } }),
    horizon: {
      type: 'integer',
      minimum: 1,
      maximum: MOST_STEPS,
      description: 'Steps ahead; as many as the model was made for when not given.',
    },
    rows: {
      type: 'array',
      items: row,
      minItems: 1,
      description:
        'The rows that are known, the target among their values, in any order; those that the version was trained and judged on when not given.',
    },
    series: { type: 'array', items: { type: ['string', 'number'] }, description: 'Only these series.' },
    intervals: { type: 'boolean', default: true },
  },
  additionalProperties: false,
});

const answered = {
  description: 'The values to come, series by series.',
  type: 'object',
  required: ['model', 'version', 'target', 'horizon', 'known_until', 'rows', 'gaps', 'warnings', 'notes'],
  properties: {
    model: { type: 'string' },
    version: { type: 'integer' },
    target: { type: 'string' },
    horizon: { type: 'integer' },
    known_until: time,
    rows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['series', 'step', 'time', 'forecast'],
        properties: {
          series,
          step: { type: 'integer', description: 'From 1.' },
          time,
          forecast: { type: 'number' },
          intervals: {
            type: 'object',
            description: 'By the share of the truth that they should hold: lower and upper end.',
            additionalProperties: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
          },
        },
      },
    },
    gaps: { type: 'array', items: { type: 'object' }, description: 'Series whose times skip a step.' },
    warnings: {
      type: 'array',
      items: {
        type: 'object',
        required: ['series', 'feature', 'code', 'rows_before', 'looks_back'],
        properties: {
          series,
          feature: { type: 'string', description: 'The column that orders the rows.' },
          code: { type: 'string', enum: ['HISTORY_MISSING'] },
          rows_before: { type: 'integer', description: 'Rows that are known of the series.' },
          looks_back: { type: 'integer', description: 'Rows that the model looks back on.' },
        },
      },
      description: 'Series with fewer rows than the model looks back on; their forecasts have no intervals.',
    },
    notes: { type: 'array', items: { type: 'string' } },
  },
};

/** `POST /forecast` and `POST /models/{name}/forecast`: what comes next in every series. */
export function forecastRoute(forecaster: Forecaster): Route {
  return (app, context) => {
    const response = { 200: answered, ...errorAnswers(400, 404, 413, 415, 422, 503, 504) };
    const config = { role: 'viewer' } as const;
    const schema: FastifySchema = {
      ...{ tags: ['predict'], response, body: body(false) },
      summary: 'Say what comes next in every series',
    };
    app.post('/forecast', { schema, config }, (request, reply) =>
      answerForecast({ context, forecaster, name: undefined }, request, reply),
    );
    const params = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
    const named: FastifySchema = {
      ...{ tags: ['predict'], response, body: body(true), params },
      summary: 'Say what comes next in every series, with one model',
    };
    app.post<{ Params: { name: string } }>(
      '/models/:name/forecast',
      { schema: named, config },
      (request, reply) => answerForecast({ context, forecaster, name: request.params.name }, request, reply),
    );
  };
}
