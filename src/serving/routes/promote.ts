import type { FastifySchema } from 'fastify';
import { needAction, type VersionChoice } from '../actions.js';
import { invalidFields } from '../problems.js';
import { readFields, textField } from '../read-fields.js';
import { errorAnswers, type Route } from './route.js';

const VERSION = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,63}$/u;
const MOST_REASON = 2000;

const fields = {
  version: {
    must: 'a version: its number, or an alias',
    fits: (value: unknown) =>
      typeof value === 'string' ? VERSION.test(value) : Number.isSafeInteger(value) && Number(value) > 0,
  },
  run_id: {
    must: "a run's id, or at least 4 digits of it",
    fits: (value: unknown) => typeof value === 'string' && /^[0-9a-f]{4,32}$/.test(value),
  },
  latest: { must: 'true', fits: (value: unknown) => value === true },
  reason: textField(MOST_REASON),
};

/** Which version is meant, and why. @throws RiskopsError VALIDATION_ERROR, BODY_INVALID */
function readRequest(body: unknown): { choice: VersionChoice; reason?: string } {
  const { reason, ...choice } = readFields(body, fields);
  const named = Object.keys(choice);
  if (named.length === 1) return { choice: choice as VersionChoice, reason: reason as string | undefined };
  const problem = named.length === 0 ? 'one of them must be given' : 'only one of them may be given';
  throw invalidFields('The request does not fit.', [{ field: 'version, run_id, latest', problem }]);
}

/** What a change of the current version answers. */
export const changeAnswer = {
  200: {
    description: 'It is current; the row of the history says since when, and by whom.',
    type: 'object',
    additionalProperties: true,
  },
  ...errorAnswers(400, 404, 409, 415, 422, 503),
};

/** `POST /models/{name}/promote`: judges a candidate by the gate, and makes it current when the verdict is to. */
export const promote: Route = (app, { actions }) => {
  const schema: FastifySchema = {
    summary: 'Judge a candidate and promote it',
    tags: ['registry'],
    params: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    body: {
      type: 'object',
      description: 'Exactly one of version, run_id and latest.',
      properties: {
        version: { type: ['integer', 'string'], description: 'Its number, or an alias.' },
        run_id: { type: 'string', pattern: '^[0-9a-f]{4,32}$' },
        latest: { type: 'boolean', const: true, description: 'The newest candidate.' },
        reason: { type: 'string', maxLength: MOST_REASON, description: 'Why, for the history.' },
      },
      additionalProperties: false,
    },
    response: changeAnswer,
  };
  app.post<{ Params: { name: string } }>(
    '/models/:name/promote',
    { schema, config: { role: 'promoter' } },
    ({ params, body, identity }) =>
      needAction(actions, 'promote')({ model: params.name, actor: identity.name, ...readRequest(body) }),
  );
};
