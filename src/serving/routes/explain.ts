import type { FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import type { ServerContext } from '../context.js';
import { answerExplained, Explanations, readAsked } from '../explain.js';
import { predictSchema } from './predict.js';
import type { Route } from './route.js';

function answer(
  context: ServerContext,
  explanations: Explanations,
  model: string | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = readAsked(request.query, true);
  return answerExplained(context, explanations, model, { request, reply, asked });
}

/** `POST /explain`: scores rows with the default model, and says what each answer is made of. */
export const explain: Route = (app, context) => {
  const schema: FastifySchema = {
    ...predictSchema,
    summary: 'Score rows, and say what each answer is made of',
  };
  const explanations = new Explanations(context);
  app.post('/explain', { schema, config: { role: 'viewer' } }, (request, reply) =>
    answer(context, explanations, undefined, request, reply),
  );
};

/** `POST /models/{name}/explain`: the same with the current version of one model. */
export const modelExplain: Route = (app, context) => {
  const params = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  const schema: FastifySchema = {
    ...predictSchema,
    params,
    summary: 'Score rows with a model, and say what each answer is made of',
  };
  const explanations = new Explanations(context);
  app.post<{ Params: { name: string } }>(
    '/models/:name/explain',
    { schema, config: { role: 'viewer' } },
    (request, reply) => answer(context, explanations, request.params.name, request, reply),
  );
};
