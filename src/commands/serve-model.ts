import { existsSync } from 'node:fs';
import type { Project } from '../config.js';
import { RiskopsError } from '../errors.js';
import { readPointer } from '../registry/current.js';
import { listModels } from '../registry/models.js';
import { openStore } from '../storage/open-store.js';
import { printable, suggestWord } from '../util/text.js';

/**
 * Refuses to serve a model that nobody knows, where there are others: the name is a slip, and the server would wait for a promotion that
 * never comes. A model of the config or of the store may be promoted later, and so may the first one of all.
 * @throws RiskopsError MODEL_NOT_FOUND
 */
export async function checkServedModel(project: Project, flags: Record<string, unknown>): Promise<void> {
  const asked = project.get<string | null>('model', flags)?.normalize('NFC');
  if (asked === undefined || Object.hasOwn(project.config.models ?? {}, asked)) return;
  const known = await knownModels(project);
  if (known.length === 0 || known.includes(asked)) return;
  throw new RiskopsError('MODEL_NOT_FOUND', {
    what: `There is no model "${printable(asked, 80)}" to serve.`,
    why: suggestWord(asked, known),
    fix: 'riskops models list',
    details: { model: asked, known },
  });
}

/** Of the store and of the pointer. A store that cannot be read is told of by the server, which goes on without it. */
async function knownModels({ places }: Project): Promise<string[]> {
  const names = new Set<string>();
  try {
    const { models = {}, retired = {} } = readPointer(places.currentModel) ?? {};
    for (const name of [...Object.keys(models), ...Object.keys(retired)]) names.add(name);
    if (existsSync(places.database)) for (const { name } of await modelsOfStore(places)) names.add(name);
    return [...names];
  } catch {
    return [];
  }
}

async function modelsOfStore(places: Project['places']) {
  const store = await openStore(places, { mode: 'read', busyTimeoutMs: 1_000 });
  try {
    return await listModels(store);
  } finally {
    await store.close();
  }
}
