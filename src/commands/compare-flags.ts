import type { Project } from '../config.js';
import { readRange } from '../monitoring/time-range.js';
import type { CompareOptions } from '../monitoring/version-pair.js';
import { trainingReader } from '../pipeline/known-training.js';
import { policyFor } from '../pipeline/policy-in-force.js';
import { findVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import type { CommandOption } from './command.js';
import { chosenModel, modelOption } from './project-store.js';

/** The flags that name two versions and a time. */
export const compareFlags: readonly CommandOption[] = [
  modelOption,
  {
    flag: '--version <number>',
    description: 'this version, by its number or an alias; latest, the newest candidate, when not given',
  },
  {
    flag: '--against <number>',
    description: 'the version whose answers it is compared with; the current one when not given',
  },
  {
    flag: '--since <time>',
    description: 'predictions from then on: 7d, a day, or a time with its zone; 7d when not given',
  },
  { flag: '--until <time>', description: 'predictions before then; now when not given' },
];

function chosen(store: Store, model: string, version: string | undefined): Promise<VersionRecord> {
  return findVersion(store, model, version === undefined || version === 'latest' ? {} : { version });
}

/** What these flags ask for. */
export async function compareOptions(
  store: Store,
  project: Project,
  flags: Record<string, unknown>,
): Promise<CompareOptions> {
  const text = (name: string) => flags[name] as string | undefined;
  const model = await chosenModel(store, project, flags);
  return {
    model,
    version: await chosen(store, model, text('version')),
    against: await findVersion(store, model, { version: text('against') ?? 'current' }),
    ...readRange({ since: text('since'), until: text('until') }, (key) => `--${key}`, '7d'),
    entity: project.get<string[]>('entity', {}, model),
    policyFor: ({ task, learner }) => policyFor(task, learner.hyper, project.policyOf(model)),
    trainingOf: trainingReader(store, project.root),
  };
}
