import type {} from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import type { Route } from './route.js';

/** `GET /openapi.json`: every route, from the schemas beside them. */
export const openapi: Route = (app) => {
  const schema: FastifySchema = {
    summary: 'This description',
    tags: ['life'],
    response: { 200: { description: 'OpenAPI 3.1.', type: 'object', additionalProperties: true } },
  };
  let document: string | undefined;
  app.get('/openapi.json', { schema, config: { role: 'viewer' } }, (_request, reply) => {
    document ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').send(document);
  });
};
