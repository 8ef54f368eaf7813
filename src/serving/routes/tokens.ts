import type { FastifySchema } from 'fastify';
import { listTokens, TOKEN_ROLES } from '../../registry/tokens.js';
import { needAction } from '../actions.js';
import { readFields, textField } from '../read-fields.js';
import { errorAnswers, type Route } from './route.js';

const token = {
  token_id: { type: 'string' },
  name: { type: 'string' },
  role: { type: 'string', enum: [...TOKEN_ROLES] },
  state: { type: 'string', enum: ['usable', 'expired', 'revoked'] },
  created_at: { type: 'string', format: 'date-time' },
  created_by: { type: 'string' },
  expires_at: { type: ['string', 'null'] },
  revoked_at: { type: ['string', 'null'] },
  revoked_by: { type: ['string', 'null'] },
};

/** `GET /tokens`: who may use the server; never a secret. */
export const listOfTokens: Route = (app, { store }) => {
  const items = { type: 'array', items: { type: 'object', properties: token } };
  const schema: FastifySchema = {
    summary: 'All tokens',
    tags: ['registry'],
    response: {
      200: {
        description: 'All there ever were.',
        type: 'object',
        properties: { items, count: { type: 'integer' } },
      },
      ...errorAnswers(503),
    },
  };
  app.get('/tokens', { schema, config: { role: 'admin' } }, async () => {
    const found = await listTokens(await store.store());
    return { items: found, count: found.length };
  });
};

/** `POST /tokens`: makes one, and tells its secret this once. */
export const newToken: Route = (app, { actions }) => {
  const schema: FastifySchema = {
    summary: 'Make a token',
    tags: ['registry'],
    body: {
      type: 'object',
      required: ['name', 'role'],
      properties: {
        name: { type: 'string', maxLength: 64 },
        role: token.role,
        expires: {
          type: 'string',
          description: 'A span such as 90d, a day, or a time with its zone; never when left out.',
        },
      },
      additionalProperties: false,
    },
    response: {
      201: {
        description: 'The secret is in `token`, this once.',
        type: 'object',
        properties: { token: { type: 'string' }, ...token },
      },
      ...errorAnswers(400, 404, 409, 415, 422, 503),
    },
  };
  app.post('/tokens', { schema, config: { role: 'admin' } }, async ({ body, identity }, reply) => {
    const asked = readFields(body, {
      name: textField(64, true),
      role: {
        must: TOKEN_ROLES.join(', '),
        fits: (value) => TOKEN_ROLES.some((role) => role === value),
        isNeeded: true,
      },
      expires: textField(40),
    }) as { name: string; role: string; expires?: string };
    const made = await needAction(actions, 'createToken')({ ...asked, actor: identity.name });
    return reply.code(201).send(made);
  });
};

/** `DELETE /tokens/{name}`: ends one. */
export const revokedToken: Route = (app, { actions }) => {
  const schema: FastifySchema = {
    summary: 'Revoke a token',
    tags: ['registry'],
    params: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    response: {
      200: { description: 'It opens nothing any more.', type: 'object', properties: token },
      ...errorAnswers(404, 503),
    },
  };
  app.delete<{ Params: { name: string } }>(
    '/tokens/:name',
    { schema, config: { role: 'admin' } },
    ({ params, identity }) => needAction(actions, 'revokeToken')({ name: params.name, actor: identity.name }),
  );
};
