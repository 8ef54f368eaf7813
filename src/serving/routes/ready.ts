import type { FastifySchema } from 'fastify';
import { errorEnvelope, reasonOf, toRiskopsError, withoutFacts } from '../answer-error.js';
import type { ServerContext } from '../context.js';
import { errorAnswers, type Route } from './route.js';

/** The models that would answer; throws why one of them cannot. */
async function servedModels({
  slots,
}: ServerContext): Promise<{ model: string; version: number; run_id: string }[]> {
  slots.look();
  const names = slots.defaultNames();
  // Without a name the slots say themselves why there is none.
  const models = await Promise.all(
    names.length === 0 ? [slots.current()] : names.map((name) => slots.current(name)),
  );
  return models.map(({ name, entry }) => ({ model: name, version: entry.version, run_id: entry.run_id }));
}

/** What still works, and not as it should. */
function warningsOf({ slots, store, log, trials }: ServerContext): string[] {
  const { lastError, dropped } = log.state();
  const warnings = slots.failures().map((failure) => `An older version answers: ${reasonOf(failure)}`);
  if (store.failure !== null) warnings.push(reasonOf(store.failure));
  if (lastError !== null)
    warnings.push(`The prediction log is not written (${dropped} entries were dropped so far): ${lastError}`);
  return [...warnings, ...trials.warnings()];
}

/** `GET /ready`: 200 while it can predict, else 503 with the reason. */
export const ready: Route = (app, context) => {
  const schema: FastifySchema = {
    summary: 'Whether the server can predict',
    tags: ['life'],
    response: {
      200: {
        description: 'It can. Where the server asks for tokens, more than the two is told to who sends one.',
        type: 'object',
        required: ['ready', 'degraded'],
        properties: {
          ready: { type: 'boolean', const: true },
          degraded: { type: 'boolean' },
          model: { type: 'string' },
          version: { type: 'integer' },
          run_id: { type: 'string' },
          models: {
            type: 'array',
            items: { type: 'object' },
            description: 'When several are served and none is the default.',
          },
          warnings: { type: 'array', items: { type: 'string' } },
        },
      },
      ...errorAnswers(503),
    },
  };
  app.get('/ready', { schema, config: { role: 'public' } }, async (request, reply) => {
    const models = await servedModels(context).catch(toRiskopsError);
    if (models instanceof Error) {
      // Whatever keeps it from predicting, the status is 503: a load balancer is asking.
      reply.code(503).header('retry-after', '1');
      const told = request.identity.role === 'public' ? withoutFacts(models) : models;
      return { ready: false, ...errorEnvelope(told, request.id) };
    }
    const warnings = warningsOf(context);
    const state = { ready: true, degraded: warnings.length > 0 };
    if (request.identity.role === 'public') return state;
    return {
      ...state,
      ...(models.length === 1 ? models[0] : { models }),
      ...(warnings.length > 0 ? { warnings } : {}),
    };
  });
};
