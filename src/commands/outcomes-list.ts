import { listOutcomes } from '../monitoring/list-outcomes.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { formatTable } from './table.js';

export const command: Command = {
  options: [
    { flag: '--model <name>', description: 'only those of this model' },
    { flag: '--prediction <id>', description: 'only those of this prediction' },
    { flag: '--entity <key>', description: 'only those of this thing' },
    { flag: '--limit <number>', description: 'how many, newest first; 50 when not given' },
  ],
  details:
    'Outcomes that were told, with those that were corrected: the last one counts. One without a model is of a prediction that was not in the log when it came.',
  examples: [
    'riskops outcomes list',
    'riskops outcomes list --model credit --limit 10 --json',
    'riskops outcomes list --prediction 01981f6e-7a3b-7c11-9d5e-0123456789ab',
  ],
  async run({ flags, project, output }) {
    const limit = wholeNumber(flags, 'limit', { min: 1, max: 100_000, otherwise: 50 });
    const text = (name: string) => flags[name] as string | undefined;
    const filter = {
      limit,
      model: text('model')?.normalize('NFC'),
      prediction: text('prediction')?.trim().toLowerCase(),
      entity: text('entity'),
    };
    return withStore(project, 'read', async (store) => {
      const items = await listOutcomes(store, filter);
      output.result({ items }, () =>
        items.length === 0
          ? ['No outcome is on record. Next: riskops outcomes add --file outcomes.csv']
          : formatTable(
              ['received', 'observed', 'model', 'of', 'value', 'counts', 'actor'],
              items.map((item) => [
                item.received_at,
                item.observed_at,
                item.model,
                item.prediction_id ?? item.entity,
                item.value,
                item.counts ? 'yes' : 'corrected',
                item.actor,
              ]),
            ),
      );
      return undefined;
    });
  },
};
