import type { FastifySchema } from 'fastify';
import { packageVersion } from '../../util/package.js';
import { reasonOf, toRiskopsError } from '../answer-error.js';
import type { ServedModel } from '../served-model.js';
import type { Route } from './route.js';

/** The model as `/version` tells it. */
function brief({ name, entry, header }: ServedModel) {
  return {
    name,
    version: entry.version,
    run_id: entry.run_id,
    expected_n_features: header.signature.features.length,
    learner: header.learner.name,
    task: header.task,
  };
}

/** `GET /version`: what runs here, and what it serves; it answers whatever is the matter with the model. */
export const version: Route = (app, { slots, git }) => {
  const packageFacts = { name: 'riskops', version: packageVersion() };
  const platform = { system: process.platform, machine: process.arch };
  const schema: FastifySchema = {
    summary: 'The program, the code and the model that are running',
    tags: ['life'],
    response: {
      200: {
        description: 'What runs.',
        type: 'object',
        properties: {
          service: { type: 'string', const: 'riskops' },
          package: { type: 'object', properties: { name: { type: 'string' }, version: { type: 'string' } } },
          node: { type: 'string' },
          platform: {
            type: 'object',
            properties: { system: { type: 'string' }, machine: { type: 'string' } },
          },
          git: {
            type: ['object', 'null'],
            description: "The project's commit, null when it is no git repository.",
          },
          model: {
            type: ['object', 'null'],
            description: 'The model that answers; null when there is none.',
          },
          model_error: { type: 'string', description: 'Why there is none, or why an older version answers.' },
        },
      },
    },
  };
  app.get('/version', { schema, config: { role: 'viewer' } }, async () => {
    const current = await Promise.resolve()
      .then(() => slots.current())
      .catch(toRiskopsError);
    const model = current instanceof Error ? null : brief(current);
    const failure = slots.failures().at(0) ?? (current instanceof Error ? current : undefined);
    const isNews = failure !== undefined && failure.code !== 'NO_CURRENT_MODEL';
    return {
      service: 'riskops',
      package: packageFacts,
      node: process.versions.node,
      platform,
      git: await git(),
      model,
      ...(isNews ? { model_error: reasonOf(failure) } : {}),
    };
  });
};
