import type { FastifySchema } from 'fastify';
import { listModels } from '../../registry/models.js';
import { errorAnswers, type Route } from './route.js';

/** `GET /models`: every model on record, with its current version. */
export const models: Route = (app, { store }) => {
  const schema: FastifySchema = {
    summary: 'All models',
    tags: ['read'],
    response: {
      200: {
        description: 'All models, by name.',
        type: 'object',
        properties: {
          items: {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                name: { type: 'string' },
                created_at: { type: 'string', format: 'date-time' },
                versions: { type: 'integer' },
                latest: { type: ['integer', 'null'] },
                current: { type: ['object', 'null'] },
              },
            },
          },
          count: { type: 'integer' },
        },
      },
      ...errorAnswers(503),
    },
  };
  app.get('/models', { schema, config: { role: 'viewer' } }, async () => {
    const items = await listModels(await store.store());
    return { items, count: items.length };
  });
};
