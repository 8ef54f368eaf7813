import type { FastifySchema } from 'fastify';
import { withoutFacts } from '../answer-error.js';
import type { Route } from './route.js';

/** `GET /health`: the process is alive. It loads nothing and looks at no file. */
export const health: Route = (app, { slots }) => {
  const schema: FastifySchema = {
    summary: 'Whether the server is alive',
    tags: ['life'],
    response: {
      200: {
        description: 'It is.',
        type: 'object',
        required: ['status', 'model_loaded', 'timestamp'],
        properties: {
          status: { type: 'string', const: 'ok' },
          model_loaded: { type: 'boolean' },
          model_error: {
            type: 'string',
            description: 'Why the version that is current is not the one that answers.',
          },
          timestamp: { type: 'string', format: 'date-time' },
        },
      },
    },
  };
  app.get('/health', { schema, config: { role: 'public' } }, ({ identity }) => {
    const [found] = slots.failures();
    const failure = found !== undefined && identity.role === 'public' ? withoutFacts(found) : found;
    return {
      status: 'ok',
      model_loaded: slots.defaultNames().some((name) => slots.loaded(name) !== null),
      ...(failure === undefined ? {} : { model_error: failure.message }),
      timestamp: new Date().toISOString(),
    };
  });
};
