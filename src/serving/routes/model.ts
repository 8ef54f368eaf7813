import type { FastifySchema } from 'fastify';
import type { Route } from './route.js';
import { errorAnswers } from './route.js';

/** `GET /model`: the current model: its inputs, metrics and threshold. */
export const model: Route = (app, { slots }) => {
  const schema: FastifySchema = {
    summary: 'The current model',
    tags: ['read'],
    response: {
      200: {
        description: 'The version that answers a prediction now.',
        type: 'object',
        properties: {
          name: { type: 'string' },
          version: { type: 'integer' },
          run_id: { type: 'string' },
          promoted_at: { type: 'string', format: 'date-time' },
          promotion_id: { type: 'string' },
          task: { type: 'string' },
          learner: { type: 'object' },
          signature: {
            type: 'object',
            description: 'The features in order, with types, ranges and categories.',
          },
          classes: {
            type: ['array', 'null'],
            description: 'Negative and positive class of a binary model, or all classes in order.',
          },
          threshold: { type: ['number', 'null'] },
          metrics: { type: 'object' },
          sha256: { type: 'string' },
        },
      },
      ...errorAnswers(404, 503),
    },
  };
  app.get('/model', { schema, config: { role: 'viewer' } }, async () => {
    const { name, entry, header } = await slots.current();
    return {
      name,
      version: entry.version,
      run_id: entry.run_id,
      promoted_at: entry.promoted_at,
      promotion_id: entry.promotion_id,
      task: header.task,
      learner: header.learner,
      signature: header.signature,
      classes: header.classes ?? null,
      threshold: header.threshold ?? null,
      metrics: header.metrics,
      sha256: entry.sha256,
    };
  });
};
