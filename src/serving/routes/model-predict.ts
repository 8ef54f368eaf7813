import type { FastifySchema } from 'fastify';
import { answerPredict } from '../predict.js';
import { predictSchema } from './predict.js';
import type { Route } from './route.js';

/** `POST /models/{name}/predict`: scores rows with the current version of one model. */
export const modelPredict: Route = (app, context) => {
  const params = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  const schema: FastifySchema = {
    ...predictSchema,
    params,
    summary: 'Score rows with the current version of a model',
  };
  app.post<{ Params: { name: string } }>('/models/:name/predict', { schema }, (request, reply) =>
    answerPredict(context, request.params.name, request, reply),
  );
};
