import type { FastifySchema } from 'fastify';
import { listRuns } from '../../tracking/read-runs.js';
import { QueryReader } from '../query.js';
import { errorAnswers, type Route } from './route.js';

/** `GET /runs`: a page of runs, newest first. */
export const runs: Route = (app, { store }) => {
  const schema: FastifySchema = {
    summary: 'Runs, newest first',
    tags: ['read'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 20 },
        offset: { type: 'integer', minimum: 0, default: 0 },
        include_metrics: { type: 'boolean', default: true },
      },
    },
    response: {
      200: {
        description: 'A page. `next_offset` is null on the last one.',
        type: 'object',
        properties: {
          items: { type: 'array', items: { type: 'object' } },
          total: { type: 'integer' },
          limit: { type: 'integer' },
          offset: { type: 'integer' },
          count: { type: 'integer', description: 'Runs on this page.' },
          next_offset: { type: ['integer', 'null'] },
        },
      },
      ...errorAnswers(422, 503),
    },
  };
  app.get<{ Querystring: Record<string, unknown> }>('/runs', { schema }, async ({ query }) => {
    const reader = new QueryReader(query);
    const limit = reader.wholeNumber('limit', { min: 1, max: 200, default: 20 });
    const offset = reader.wholeNumber('offset', { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 });
    const includeMetrics = reader.flag('include_metrics', true);
    reader.end();
    const page = await listRuns(await store.store(), { limit, offset, includeMetrics });
    return { ...page, count: page.items.length };
  });
};
