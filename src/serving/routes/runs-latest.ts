import type { FastifySchema } from 'fastify';
import { latestRun } from '../../tracking/read-runs.js';
import type { Route } from './route.js';
import { runAnswer } from './run.js';

/** `GET /runs/latest`: the newest run. */
export const runsLatest: Route = (app, { store }) => {
  const schema: FastifySchema = { summary: 'The newest run', tags: ['read'], response: runAnswer };
  app.get('/runs/latest', { schema, config: { role: 'viewer' } }, async () => latestRun(await store.store()));
};
