import { versionImportance } from '../pipeline/importance.js';
import { getModel } from '../registry/models.js';
import { findVersion } from '../registry/versions.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { formatNumber } from './output.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    modelOption,
    {
      flag: '--version <number>',
      description: 'this version; the current one, or the newest, when not given',
    },
    { flag: '--repeats <number>', description: 'how often each column is shuffled; 5 when not given' },
    { flag: '--seed <number>', description: 'the seed of the shuffling', setting: 'seed' },
  ],
  details:
    'By how much the metric gets worse on the held-out rows when a column is shuffled, and the share of each feature in what the fit gained. Where answers build on the rows before, the column is shuffled in all of them. Columns that say the same stand in for each other.\nExit code: 0 measured.',
  examples: ['riskops importance', 'riskops importance --model credit --version 3 --repeats 20'],
  async run({ flags, project, output }) {
    const repeats = wholeNumber(flags, 'repeats', { min: 1, max: 1000, otherwise: 5 });
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const current = (await getModel(store, model)).current?.version;
      const wanted = flags['version'] ?? current;
      const choice = wanted === undefined ? {} : { version: String(wanted) };
      const version = await findVersion(store, model, choice);
      const found = await versionImportance(store, version, {
        root: project.root,
        policy: project.policyOf(model),
        repeats,
        seed: project.get<number>('seed', flags),
      });
      output.result(found, () => [
        `${found.model} version ${found.version}: ${found.metric} ${formatNumber(found.value)} on ${found.rows} held-out rows.`,
        ...formatTable(
          ['column', `${found.metric} lost`, 'deviation'],
          found.columns.map(({ name, loss, deviation }) => [
            name,
            formatNumber(loss),
            formatNumber(deviation),
          ]),
        ),
        ...(found.gain === null ? [] : gainLines(found.gain)),
      ]);
      return undefined;
    });
  },
};

function gainLines(gain: Record<string, number>): string[] {
  const rows = Object.entries(gain).sort(([, a], [, b]) => b - a);
  return [
    '',
    ...formatTable(
      ['feature', 'share of gain'],
      rows.map(([name, share]) => [name, formatNumber(share)]),
    ),
  ];
}
