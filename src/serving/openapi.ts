import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance } from 'fastify';
import { toJson } from '../util/json.js';
import { packageVersion } from '../util/package.js';
import type { ServerContext } from './context.js';
import { routes } from './routes/all.js';

const errorSchema = {
  $id: 'Error',
  type: 'object',
  required: ['ok', 'error', 'request_id'],
  properties: {
    ok: { type: 'boolean', const: false },
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        hint: { type: 'string' },
        details: {},
      },
    },
    request_id: { type: 'string' },
  },
};

/** Adds every route, and the description that is made of their schemas. */
export async function addRoutes(app: FastifyInstance, context: ServerContext): Promise<void> {
  // Schemas describe; the handlers check, and name every field in one answer.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => toJson);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'riskops',
        version: packageVersion(),
        description: 'Predictions of the promoted models.',
      },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json['$id'] ?? `def-${index}`),
    },
  });
  app.addSchema(errorSchema);
  for (const route of routes) route(app, context);
}

/** The OpenAPI document of `GET /openapi.json`, without a server. */
export async function openApiDocument(): Promise<unknown> {
  const app = Fastify();
  // The handlers' collaborators are not touched while the routes are described.
  await addRoutes(app, {} as ServerContext);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
