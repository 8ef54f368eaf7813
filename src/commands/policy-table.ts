import type { Task } from '../models/learner.js';
import { showVersion } from '../pipeline/show-version.js';
import { explainPolicy, type PolicyLine, type PresetName } from '../registry/policy.js';
import { presets } from '../registry/policy-presets.js';
import { listVersions } from '../registry/versions.js';
import type { Store } from '../storage/store.js';
import { formatTable } from './table.js';

interface ExplainedPolicy {
  model: string;
  task: Task;
  policy: PolicyLine[];
  presets: { name: PresetName; task: Task; values: object; about: string }[];
}

/** The policy of a model in force; its task is its newest version's. */
export async function explainModelPolicy(
  store: Store,
  model: string,
  written: Record<string, unknown>,
): Promise<ExplainedPolicy> {
  const [newest] = await listVersions(store, model);
  const { task } = await showVersion(store, model, { version: newest?.version });
  return {
    model,
    task,
    policy: explainPolicy(written, task),
    presets: presetRows(),
  };
}

/** Every preset with its name. */
export function presetRows(): ExplainedPolicy['presets'] {
  return Object.entries(presets).map(([name, preset]) => ({ name: name as PresetName, ...preset }));
}

export function describePolicy({ model, task, policy, presets: rules }: ExplainedPolicy): string[] {
  return [
    `The policy of ${model}, a ${task} model:`,
    ...formatTable(
      ['key', 'value', 'from'],
      policy.map(({ key, value, from }) => [key, JSON.stringify(value), from]),
    ),
    '',
    'Presets, as "preset" in the policy:',
    ...rules.map(({ name, task: of, about }) => `  ${name} (${of}): ${about}`),
  ];
}
