import type { FastifySchema } from 'fastify';
import { RUN_STATUSES } from '../../tracking/liveness.js';
import { listRuns } from '../../tracking/search/list-runs.js';
import { QueryReader } from '../query.js';
import { errorAnswers, type Route } from './route.js';

/** A filter of hundreds of terms takes seconds on thousands of runs, and the server answers nobody meanwhile. */
const LONGEST_TEXT = 1000;
const TEXT = { type: 'string', maxLength: LONGEST_TEXT } as const;
const TEXTS = ['after', 'where', 'order', 'columns', 'model', 'kind', 'status'] as const;

/** `GET /runs`: a page of runs; newest first, or in an order of the caller's. */
export const runs: Route = (app, { store }) => {
  const schema: FastifySchema = {
    summary: 'Runs: filtered, ordered, page by page',
    tags: ['read'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 200, default: 20 },
        offset: { type: 'integer', minimum: 0, default: 0 },
        after: { type: 'string', description: 'The `next_after` of the page before. Not with `offset`.' },
        include_metrics: { type: 'boolean', default: true },
        where: { ...TEXT, description: 'A filter, such as `metrics.auc > 0.8 and start > 7d`.' },
        order: { ...TEXT, description: 'Such as `metrics.auc desc, start`; newest first when not given.' },
        columns: { ...TEXT, description: 'What each item has in `columns`, such as `params.depth`.' },
        model: { ...TEXT, description: 'Only the runs of this model.' },
        kind: { ...TEXT, description: 'Only the runs of this kind.' },
        status: { ...TEXT, enum: [...RUN_STATUSES], description: 'Only the runs with this status.' },
        deleted: { type: 'boolean', default: false, description: 'The runs in the trash.' },
        ancestors: { type: 'boolean', default: false, description: 'With the runs above those on the page.' },
      },
    },
    response: {
      200: {
        description: 'A page. `next_after` is null on the last one.',
        type: 'object',
        properties: {
          items: { type: 'array', items: { type: 'object' } },
          total: { type: 'integer' },
          limit: { type: 'integer' },
          offset: { type: 'integer' },
          count: { type: 'integer', description: 'Runs on this page.' },
          next_offset: { type: ['integer', 'null'] },
          next_after: { type: ['string', 'null'], description: 'What to ask the next page by, as `after`.' },
          ancestors: { type: 'array', items: { type: 'object' }, description: 'When they were asked for.' },
        },
      },
      ...errorAnswers(422, 503),
    },
  };
  app.get<{ Querystring: Record<string, unknown> }>(
    '/runs',
    { schema, config: { role: 'viewer' } },
    async ({ query }) => {
      const reader = new QueryReader(query);
      const limit = reader.wholeNumber('limit', { min: 1, max: 200, default: 20 });
      const offset = reader.wholeNumber('offset', { min: 0, max: Number.MAX_SAFE_INTEGER, default: 0 });
      const options = {
        limit,
        offset,
        includeMetrics: reader.flag('include_metrics', true),
        ...Object.fromEntries(
          TEXTS.map((name) => [name, reader.text(name, name === 'after' ? undefined : LONGEST_TEXT)]),
        ),
        deleted: reader.flag('deleted', false),
        ancestors: reader.flag('ancestors', false),
      };
      reader.end();
      const page = await listRuns(await store.store(), options);
      return { ...page, count: page.items.length };
    },
  );
};
