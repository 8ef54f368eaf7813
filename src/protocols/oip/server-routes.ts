import type { FastifySchema } from 'fastify';
import { toRiskopsError } from '../../serving/answer-error.js';
import type { ServerContext } from '../../serving/context.js';
import type { Route } from '../../serving/routes/route.js';
import { packageVersion } from '../../util/package.js';
import { oipError } from './refuse.js';
import { serverAnswer } from './schemas.js';

const flag = { type: 'boolean' };
const live = {
  description: 'It is.',
  type: 'object',
  required: ['live'],
  properties: { live: flag },
};
const readiness = (description: string) => ({
  description,
  type: 'object',
  required: ['live', 'ready'],
  properties: { live: flag, ready: flag, error: { type: 'string' } },
});

/** Throws why a model that is served cannot answer. */
async function checkReady({ slots }: ServerContext): Promise<void> {
  slots.look();
  const names = slots.defaultNames();
  if (names.length === 0) await slots.current();
  for (const name of names) await slots.current(name);
}

/** `GET /v2`, `/v2/health/live` and `/v2/health/ready`: the server as the Open Inference Protocol tells it. */
export const oipServer: Route = (app, context) => {
  const tags = ['open inference protocol'];
  const metadata: FastifySchema = { summary: 'The server', tags, response: { 200: serverAnswer } };
  for (const url of ['/v2', '/v2/'])
    app.get(url, { schema: metadata, config: { role: 'viewer' } }, () => ({
      name: 'riskops',
      version: packageVersion(),
      extensions: [],
    }));
  app.get(
    '/v2/health/live',
    {
      schema: { summary: 'Whether the server is alive', tags, response: { 200: live } },
      config: { role: 'public' },
    },
    () => ({ live: true }),
  );
  const schema: FastifySchema = {
    summary: 'Whether all models can answer',
    tags,
    response: { 200: readiness('They can.'), 503: readiness('They cannot; the error says why.') },
  };
  app.get('/v2/health/ready', { schema, config: { role: 'public' } }, async (_request, reply) => {
    const failure = await checkReady(context).catch(toRiskopsError);
    if (failure === undefined) return { live: true, ready: true };
    reply.code(503).header('retry-after', '1');
    return { live: true, ready: false, ...oipError(failure).body };
  });
};
