import type { FastifySchema } from 'fastify';
import type { Route } from './route.js';

/** `GET /metrics`: the server's figures, as Prometheus reads them. */
export const metrics: Route = (app, context) => {
  const schema: FastifySchema = {
    summary: 'Figures for Prometheus',
    tags: ['life'],
    response: { 200: { description: 'Prometheus text format 0.0.4.', type: 'string' } },
  };
  app.get('/metrics', { schema, config: { role: 'viewer' } }, async (_request, reply) => {
    const { text, contentType } = await context.metrics.read();
    return reply.type(contentType).send(text);
  });
};
