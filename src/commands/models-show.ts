import { formatDate } from '../datasets/dates.js';
import type { Feature } from '../datasets/signature.js';
import { showVersion, type VersionInFull } from '../pipeline/show-version.js';
import { getModel } from '../registry/models.js';
import { listVersions } from '../registry/versions.js';
import { printable } from '../util/text.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { chosenModel, withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  args: '[model]',
  options: [{ flag: '--version <number>', description: 'one version in full, by its number or an alias' }],
  examples: ['riskops models show', 'riskops models show credit --version 3'],
  async run({ args, flags, project, output }) {
    return withStore(project, 'read', async (store) => {
      const name = await chosenModel(store, project, { model: args[0] });
      if (flags['version'] !== undefined) {
        const version = await showVersion(store, name, { version: flags['version'] as string });
        output.result(version, () => describeVersion(version));
        return undefined;
      }
      const [model, versions] = [await getModel(store, name), await listVersions(store, name)];
      output.result({ ...model, versions }, () => [
        `${name}: ${versions.length} version(s), current: ${model.current?.version ?? 'none'}`,
        ...formatTable(
          ['version', 'stage', 'aliases', 'learner', 'run', 'created', 'metrics'],
          versions.map((version) => [
            version.version,
            version.protected ? `${version.stage}, protected` : version.stage,
            version.aliases.join(', ') || null,
            version.learner,
            version.run_id.slice(0, 8),
            version.created_at,
            metricsShort(version.metrics),
          ]),
        ),
      ]);
      return undefined;
    });
  },
};

/** The metrics of a line; a model has those of its task. */
const metricsShort = (metrics: Record<string, number>) =>
  ('macro_auc' in metrics ? ['log_loss', 'balanced_accuracy'] : ['auc', 'brier', 'rmse', 'r2'])
    .filter((name) => name in metrics)
    .map((name) => `${name} ${formatNumber(metrics[name])}`)
    .join(' ');

/** A version in full, for people. */
export function describeVersion({ features, ...facts }: VersionInFull): string[] {
  return [
    ...Object.entries(facts).flatMap(([key, value]) => factLines(key, value)),
    'features:',
    ...formatTable(
      ['name', 'type', 'role', 'missing seen', 'values seen'],
      features.map(({ name, type, role, ahead, nullable, ...seen }) => [
        name,
        type,
        role === undefined || ahead === undefined ? (role ?? null) : `${role}, ${ahead} rows before`,
        nullable ? 'yes' : 'no',
        valuesSeen(type, seen),
      ]),
    ).map((line) => `  ${line}`),
  ];
}

function valuesSeen(type: Feature['type'], { min, max, categories }: Partial<Feature>): string | null {
  if (categories !== undefined) return categories.join(', ');
  if (min === undefined || max === undefined) return null;
  const shown = type === 'date' ? formatDate : formatNumber;
  return `${shown(min)} .. ${shown(max)}`;
}

const factLines = (key: string, value: unknown): string[] => {
  if (Array.isArray(value))
    return [`${key} ${value.map((item) => printable(String(item))).join(', ') || '-'}`];
  return typeof value === 'object' && value !== null
    ? [`${key}:`, ...Object.entries(value).map(([name, item]) => `  ${name} ${formatNumber(item)}`)]
    : [`${key} ${value ?? '-'}`];
};
