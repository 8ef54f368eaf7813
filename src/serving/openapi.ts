import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { toJson } from '../util/json.js';
import { packageVersion } from '../util/package.js';
import type { ServerContext } from './context.js';
import { routes } from './routes/all.js';
import { errorAnswers, type Route } from './routes/route.js';

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
      // The document's paths begin behind it.
      ...(context.basePath === '' ? {} : { servers: [{ url: context.basePath }] }),
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json['$id'] ?? `def-${index}`),
    },
  });
  app.addSchema(errorSchema);
  await app.register(
    async (scope) => {
      scope.addHook('onRoute', describeRole);
      for (const route of [...routes, ...context.routes]) route(scope, context);
    },
    { prefix: context.basePath },
  );
}

/** What a route asks for, in the document's own terms. */
function describeRole(route: RouteOptions): void {
  const { config, schema = {} } = route;
  const role = config?.role ?? 'admin';
  const needs = role === 'public' ? 'For everybody.' : `Needs the role ${role}.`;
  route.schema = {
    ...schema,
    security: role === 'public' ? [] : [{ token: [] }],
    description: [schema.description, needs].filter(Boolean).join(' '),
    // A route whose errors have another shape says so itself.
    response: { ...(role === 'public' ? {} : errorAnswers(401, 403, 429)), ...(schema.response as object) },
  };
}

/** The OpenAPI document of `GET /openapi.json`, without a server. `routes` are those that are handed to the server. */
export async function openApiDocument(routes: readonly Route[] = []): Promise<unknown> {
  const app = Fastify();
  // The handlers' collaborators are not touched while the routes are described.
  await addRoutes(app, { routes, basePath: '', actions: {} } as unknown as ServerContext);
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}
