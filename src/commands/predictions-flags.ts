import type { Project } from '../config.js';
import type { ExportRequest } from '../monitoring/export-predictions.js';
import { readMoment } from '../monitoring/time-range.js';
import { parseVersion } from '../registry/versions.js';
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
  const [version, until] = [flags['version'], flags['until']] as (string | undefined)[];
  const model = await chosenModel(store, project, flags);
  return {
    model,
    from: readMoment((flags['since'] as string | undefined) ?? '7d', '--since'),
    to: until === undefined ? new Date().toISOString() : readMoment(until, '--until'),
    ...(version === undefined ? {} : { version: parseVersion(version) }),
    shadow: flags['shadow'] === true,
    withOutcomes: flags['withOutcomes'] === true,
    entity: project.get<string[]>('entity', {}, model),
  };
}
