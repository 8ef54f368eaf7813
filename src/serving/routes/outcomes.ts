import type { FastifySchema } from 'fastify';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import type { ServerContext } from '../context.js';
import { invalidFields } from '../problems.js';
import { errorAnswers, type Route } from './route.js';

/** How long an outcome waits for the predictions that this server still has in memory. */
const LOG_WAIT_MS = 300;

/** The outcomes of a body: a list, or one that is the body itself. */
function readBody(body: unknown, most: number): readonly unknown[] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RiskopsError('BODY_INVALID', {
      what: 'The request body must be a JSON object.',
      why: 'Like {"prediction_id": "...", "value": 1} or {"outcomes": [...]}.',
    });
  }
  if (!Object.hasOwn(body, 'outcomes')) return [body];
  const { outcomes, ...others } = body as Record<string, unknown>;
  const problems = Object.keys(others)
    .slice(0, 20)
    .map((name) => ({ field: printable(name, 40), problem: 'does not belong beside outcomes' }));
  if (!Array.isArray(outcomes)) problems.push({ field: 'outcomes', problem: 'must be a list' });
  else if (outcomes.length === 0) problems.push({ field: 'outcomes', problem: 'is empty' });
  if (problems.length > 0) throw invalidFields('The request does not fit.', problems);
  const rows = outcomes as unknown[];
  if (rows.length <= most) return rows;
  throw new RiskopsError('TOO_MANY_ROWS', {
    what: `The request has ${rows.length} outcomes.`,
    why: `The limit is ${most}.`,
    fix: `send at most ${most} at a time, or riskops outcomes add --file`,
    details: { rows: rows.length, limit: most },
  });
}

/** The fields that name the things of the models that the rows speak of. */
function entitiesOf(rows: readonly unknown[], entity: ServerContext['entity']) {
  const names = rows.flatMap((row) => {
    const { model } = (row ?? {}) as { model?: unknown };
    return typeof model === 'string' ? [model.normalize('NFC')] : [];
  });
  return Object.fromEntries([...new Set(names)].map((name) => [name, entity(name)]));
}

const outcome = {
  type: 'object',
  properties: {
    prediction_id: { type: 'string', format: 'uuid', description: 'Of an answer.' },
    model: { type: 'string', description: 'With `entity`: whose things it is one of.' },
    entity: {
      type: ['string', 'number', 'array', 'object'],
      description:
        'Instead of `prediction_id`: the value of the field that names the thing, or the values of the fields.',
    },
    value: {
      type: ['number', 'string', 'boolean'],
      description: 'What really came: a class as the model has it, or a finite number.',
    },
    observed_at: {
      type: 'string',
      description:
        'A day, or a time with its zone. When left out: now, or the time of the outcome that this corrects.',
    },
  },
};

/** `POST /outcomes`: what really came of predictions. */
export const outcomes: Route = (app, { watch, log, limits, entity }) => {
  const schema: FastifySchema = {
    summary: 'Tell what really came of predictions',
    tags: ['outcomes'],
    body: {
      type: 'object',
      description: 'One outcome, or a list of them. All of them are kept, or none.',
      properties: { ...outcome.properties, outcomes: { type: 'array', items: outcome } },
    },
    response: {
      200: {
        description: 'They are on disk. `added`, `unchanged` and `corrected` make up all that were received.',
        type: 'object',
        required: ['received', 'added', 'unchanged', 'corrected', 'unmatched', 'early', 'notes'],
        properties: {
          received: { type: 'integer' },
          added: { type: 'integer' },
          unchanged: { type: 'integer', description: 'The same again.' },
          corrected: {
            type: 'integer',
            description: 'Another value, or another `observed_at` of a prediction: it counts from now on.',
          },
          unmatched: {
            type: 'integer',
            description: 'Of all, those of predictions that are not in the log, or not yet: they are kept.',
          },
          early: {
            type: 'integer',
            description: 'Of all, those observed more than a day before their prediction: they are kept.',
          },
          notes: {
            type: 'array',
            description:
              'What to know of them, a sentence each: outcomes that are early, or by an entity that the config does not name, which find no prediction.',
            items: { type: 'string' },
          },
        },
      },
      ...errorAnswers(400, 413, 415, 422, 503, 504),
    },
  };
  app.post('/outcomes', { schema, config: { role: 'logger' } }, async ({ body, identity }) => {
    const given = readBody(body, limits.rows);
    // An outcome may come a moment after its prediction, which is on its way to disk then.
    if (log.state().pending > 0) await log.flush(LOG_WAIT_MS).catch(() => {});
    const options = { actor: identity.name, entities: entitiesOf(given, entity) };
    return watch.outcomes.run({ kind: 'outcomes', given, options }, limits.requestMs);
  });
};
