import type { FastifySchema } from 'fastify';
import { Explanations } from '../explain.js';
import { withStreams } from '../stream/schema.js';
import { answerAsked, predictSchema } from './predict.js';
import type { Route } from './route.js';

/** `POST /models/{name}/predict`: scores rows with the current version of one model. */
export const modelPredict: Route = (app, context) => {
  const params = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  const schema: FastifySchema = {
    ...withStreams(predictSchema),
    params,
    summary: 'Score rows with the current version of a model',
  };
  const explanations = new Explanations(context);
  app.post<{ Params: { name: string } }>(
    '/models/:name/predict',
    { schema, config: { role: 'viewer', streams: true } },
    (request, reply) => answerAsked(context, explanations, request.params.name, request, reply),
  );
};
