import type { Project } from '../config.js';
import type { ExportRequest } from '../monitoring/export-predictions.js';
import { predictionsOf } from '../monitoring/read-predictions.js';
import { readRange } from '../monitoring/time-range.js';
import { findVersion, parseVersion } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import type { CommandOption } from './command.js';
import { chosenModel } from './project-store.js';

/** The flags that choose predictions. */
export const predictionFlags: readonly CommandOption[] = [
  { flag: '--version <number>', description: 'only those of this version' },
  {
    flag: '--since <time>',
    description: 'from then on: 7d, a day, or a time with its zone; 7d when not given',
  },
  { flag: '--until <time>', description: 'before then; now when not given' },
  { flag: '--with-outcomes', description: 'with what really came of them, where it was told' },
  { flag: '--shadow', description: 'also the answers of versions beside the promoted one, which nobody got' },
];

/** What these flags ask for. */
export async function predictionRequest(
  store: Store,
  project: Project,
  flags: Record<string, unknown>,
): Promise<ExportRequest> {
  const [version, since, until] = [flags['version'], flags['since'], flags['until']] as (
    | string
    | undefined
  )[];
  const model = await chosenModel(store, project, flags);
  const request = {
    model,
    to: new Date().toISOString(),
    ...readRange({ since, until }, (key) => `--${key}`, '7d'),
    ...(version === undefined ? {} : { version: parseVersion(version) }),
    shadow: flags['shadow'] === true,
    withOutcomes: flags['withOutcomes'] === true,
    entity: project.get<string[]>('entity', {}, model),
  };
  await refuseUnknownVersion(store, request);
  return request;
}

/** A version that is gone may have predictions; one without any must be one that there is. */
async function refuseUnknownVersion(store: Store, request: ExportRequest): Promise<void> {
  if (request.version === undefined) return;
  try {
    await findVersion(store, request.model, { version: request.version });
  } catch (error) {
    for await (const chunk of predictionsOf(store, request)) if (chunk.length > 0) return;
    throw error;
  }
}
