import type { FastifySchema } from 'fastify';
import { readRange, readSpan } from '../../monitoring/time-range.js';
import { getModel } from '../../registry/models.js';
import { parseVersion } from '../../registry/versions.js';
import { QueryReader } from '../query.js';
import { errorAnswers, type Route } from './route.js';

const LONGEST_TEXT = 400;
const TEXTS = ['model', 'version', 'since', 'until', 'by', 'metric', 'window'] as const;

const listOf = (text: string | undefined) =>
  text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** `GET /accuracy`: how good the predictions were, by the outcomes that were told. */
export const accuracy: Route = (app, { watch, store, slots, limits, entity }) => {
  const text = (description: string) => ({ type: 'string', maxLength: LONGEST_TEXT, description });
  const schema: FastifySchema = {
    summary: 'How good the predictions were, by their outcomes',
    tags: ['outcomes'],
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        model: text('The default model when not given.'),
        version: text('Only the predictions of this version.'),
        since: text('`30d`, a day, or a time with its zone; 30d when not given.'),
        until: text('The same; now when not given.'),
        by: text('Fields, separated by commas: a segment for each of their values.'),
        metric: text('Metrics, separated by commas; all of the task when not given.'),
        window: text('A series of windows of this length, such as `7d`.'),
      },
    },
    response: {
      200: {
        description: 'Metrics with their 95 % intervals: overall, by segment, over time.',
        type: 'object',
        properties: {
          model: { type: 'string' },
          overall: { type: 'object', additionalProperties: true },
          versions: {
            type: 'array',
            description:
              'Each version that predicted, measured by itself; `holdout` is what this version had on its own held-out rows.',
            items: { type: 'object', additionalProperties: true },
          },
          segments: { type: 'array', items: { type: 'object', additionalProperties: true } },
          windows: {
            type: 'array',
            description: 'From the first one with a prediction to the last one with a prediction.',
            items: { type: 'object', additionalProperties: true },
          },
        },
        additionalProperties: true,
      },
      ...errorAnswers(400, 404, 422, 503, 504),
    },
  };
  app.get<{ Querystring: Record<string, unknown> }>(
    '/accuracy',
    { schema, config: { role: 'viewer' } },
    async ({ query }) => {
      const reader = new QueryReader(query);
      const given = Object.fromEntries(TEXTS.map((name) => [name, reader.text(name, LONGEST_TEXT)]));
      reader.end();
      const asked = given['model'] ?? (await slots.current()).name;
      const { name: model } = await getModel(await store.store(), asked);
      const { version, since, until, window } = given;
      const filter = {
        model,
        entity: entity(model),
        ...readRange({ since, until }, (key) => key, '30d'),
        ...(version === undefined ? {} : { version: parseVersion(version) }),
        ...(window === undefined ? {} : { windowMs: readSpan(window, 'window') }),
        by: listOf(given['by']) ?? [],
        metrics: listOf(given['metric']),
      };
      return watch.accuracy.run({ kind: 'accuracy', filter }, limits.requestMs);
    },
  );
};
