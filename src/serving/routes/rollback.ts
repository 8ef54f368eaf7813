import type { FastifySchema } from 'fastify';
import { needAction } from '../actions.js';
import { readFields, textField } from '../read-fields.js';
import { changeAnswer } from './promote.js';
import type { Route } from './route.js';

/** `POST /models/{name}/rollback`: makes the version current again that was current before. */
export const rollback: Route = (app, { actions }) => {
  const schema: FastifySchema = {
    summary: 'Go back to the version that was current before',
    tags: ['registry'],
    params: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    body: {
      type: 'object',
      description: 'May be left out.',
      properties: { reason: { type: 'string', maxLength: 2000, description: 'Why, for the history.' } },
      additionalProperties: false,
    },
    response: changeAnswer,
  };
  app.post<{ Params: { name: string } }>(
    '/models/:name/rollback',
    { schema, config: { role: 'promoter' } },
    ({ params, body, identity }) => {
      const { reason } = readFields(body, { reason: textField(2000) }) as { reason?: string };
      return needAction(actions, 'rollback')({ model: params.name, actor: identity.name, reason });
    },
  );
};
