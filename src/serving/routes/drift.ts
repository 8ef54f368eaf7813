import type { FastifySchema } from 'fastify';
import { readDriftFilter } from '../../monitoring/drift-filter.js';
import { getModel } from '../../registry/models.js';
import { QueryReader } from '../query.js';
import { errorAnswers, type Route } from './route.js';

const LONGEST_TEXT = 400;
const TEXTS = ['model', 'version', 'since', 'until', 'rows', 'reference', 'least_effect'] as const;

/** `GET /drift`: whether the rows that were sent still look like those that the model learned from. */
export const drift: Route = (app, { watch, store, slots, limits }) => {
  const text = (description: string) => ({ type: 'string', maxLength: LONGEST_TEXT, description });
  const schema: FastifySchema = {
    summary: 'Whether the rows still look like those that the model learned from',
    tags: ['outcomes'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        model: text('The default model when not given.'),
        version: text('The version that answered; the current one when not given.'),
        since: text('`7d`, a day, or a time with its zone; 7d when not given.'),
        until: text('The same; now when not given.'),
        rows: text('The newest so many rows alone, 1 to 20000.'),
        reference: text('`v3`, or `window:FROM..TO`; the training rows when not given.'),
        least_effect: text('The least share of the rows that must lie elsewhere; 0.1 when not given.'),
      },
    },
    response: {
      200: {
        description: 'One verdict in one sentence, and what every feature shows.',
        type: 'object',
        properties: {
          model: { type: 'string' },
          version: { type: 'integer' },
          verdict: { type: 'string', enum: ['drift', 'no drift', 'undecided'] },
          sentence: { type: 'string' },
          rows_needed: { type: 'integer', description: 'Rows that are missing for a verdict.' },
          features: { type: 'array', items: { type: 'object', additionalProperties: true } },
          scores: { type: ['object', 'null'], additionalProperties: true },
        },
        additionalProperties: true,
      },
      ...errorAnswers(400, 404, 422, 503, 504),
    },
  };
  app.get<{ Querystring: Record<string, unknown> }>(
    '/drift',
    { schema, config: { role: 'viewer' } },
    async ({ query }) => {
      const reader = new QueryReader(query);
      const given = Object.fromEntries(TEXTS.map((name) => [name, reader.text(name, LONGEST_TEXT)]));
      reader.end();
      const asked = given['model'] ?? (await slots.current()).name;
      const { name } = await getModel(await store.store(), asked);
      const words = { ...given, leastEffect: given['least_effect'] };
      const filter = readDriftFilter(name, words, (key) => (key === 'leastEffect' ? 'least_effect' : key));
      return watch.accuracy.run({ kind: 'drift', filter }, limits.requestMs);
    },
  );
};
