import type { Readable } from 'node:stream';
import type { FastifyRequest, FastifySchema } from 'fastify';
import type { ServerContext } from '../../serving/context.js';
import { chooseAndRead, predictRows } from '../../serving/predict.js';
import type { Route } from '../../serving/routes/route.js';
import type { ServedModel } from '../../serving/served-model.js';
import { acceptedFormat, streamFormat } from '../../serving/stream/accept.js';
import { answerStream } from '../../serving/stream/answer-stream.js';
import { readAllCsv } from '../../serving/stream/read-all.js';
import { toJson } from '../../util/json.js';
import { errorsAs } from '../route-errors.js';
import { readParams, scoringAnswer } from './predictions.js';
import { checkRowCount, readScoringRequest } from './read-rows.js';
import { mlflowError } from './refuse.js';
import { invocationsSchema } from './schema.js';

const tags = ['mlflow'];

/** `GET /ping`: 200 while the server can predict, else 404, as MLflow's scoring server has it. */
export const ping: Route = (app, { slots }) => {
  const schema: FastifySchema = {
    summary: 'Whether the server can predict',
    tags,
    response: {
      200: { description: 'It can: a line end.', content: { 'application/json': { schema: {} } } },
      404: { description: 'It cannot: a line end.', content: { 'application/json': { schema: {} } } },
    },
  };
  app.get('/ping', { schema, config: { role: 'public' } }, async (_request, reply) => {
    slots.look();
    const names = slots.defaultNames();
    const wanted = names.length === 0 ? [undefined] : names;
    const loaded = await Promise.allSettled(wanted.map(async (name) => slots.current(name)));
    const isReady = loaded.every(({ status }) => status === 'fulfilled');
    return reply
      .code(isReady ? 200 : 404)
      .type('application/json')
      .send('\n');
  });
};

async function readBody({ limits }: ServerContext, { body, headers }: FastifyRequest, model: ServedModel) {
  if (!(headers['content-type'] ?? '').toLowerCase().startsWith('text/csv'))
    return readScoringRequest(body, limits.rows);
  const rows = await readAllCsv(body as Readable, model.header.signature, limits);
  checkRowCount(rows.length, limits.rows);
  return { rows, params: undefined };
}

/** `POST /invocations`: scores rows with the default model, as MLflow's scoring server does. */
export const invocations: Route = (app, context) => {
  const { limits } = context;
  const options = {
    schema: invocationsSchema,
    config: { role: 'viewer', streams: true } as const,
    errorHandler: errorsAs(context, mlflowError),
  };
  app.post('/invocations', options, async (request, reply) => {
    const format = streamFormat(request);
    if (format === 'ndjson' || (format === 'csv' && acceptedFormat(request) !== undefined))
      return answerStream(context, { format, model: undefined }, request, reply);
    const limit = {
      deadline: performance.now() + limits.requestMs,
      isGone: () => request.raw.socket.destroyed,
    };
    // CSV is gone once it is read; a canary's rows are those of the promoted version.
    let once: ReturnType<typeof readBody> | undefined;
    const read = (reader: ServedModel) => (once ??= readBody(context, request, reader));
    const { model, asked: body } = await chooseAndRead(context, undefined, request.id, read);
    const { rows, params } = body;
    const asked = readParams(params, model);
    const predicted = await predictRows(context, { model, rows, requestId: request.id, limit });
    return reply.type('application/json; charset=utf-8').send(toJson(scoringAnswer(predicted, asked)));
  });
};
