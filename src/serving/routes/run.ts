import type { FastifySchema } from 'fastify';
import { getRun } from '../../tracking/read-runs.js';
import { errorAnswers, type Route } from './route.js';

/** What a run's routes answer. */
export const runAnswer = {
  200: {
    description: 'The run: parameters, metrics, artifacts, code.',
    type: 'object',
    properties: { run_id: { type: 'string' } },
    additionalProperties: true,
  },
  ...errorAnswers(404, 503),
};

/** `GET /runs/{id}`: one run, by its id or the start of it. */
export const run: Route = (app, { store }) => {
  const params = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };
  const schema: FastifySchema = { summary: 'One run', tags: ['read'], params, response: runAnswer };
  app.get<{ Params: { id: string } }>(
    '/runs/:id',
    { schema, config: { role: 'viewer' } },
    async ({ params: { id } }) => getRun(await store.store(), id),
  );
};
