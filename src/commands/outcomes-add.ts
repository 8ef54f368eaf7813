import { RiskopsError } from '../errors.js';
import { addOutcomesOfFile, type FileAdded } from '../monitoring/outcomes-file.js';
import type { Command } from './command.js';
import { withStore } from './project-store.js';

export const command: Command = {
  options: [
    { flag: '--file <path>', description: 'CSV, NDJSON, JSON or Parquet with an outcome a row' },
    {
      flag: '--id-column <name>',
      description: 'the column with the ids of predictions; prediction_id when not given',
    },
    {
      flag: '--entity-column <name...>',
      description: 'instead: the column that names the thing, or the columns in the order of models.*.entity',
    },
    { flag: '--value-column <name>', description: 'the column with what really came; value when not given' },
    {
      flag: '--time-column <name>',
      description:
        'the column that says when it was seen; observed_at, where the file has it, when not given',
    },
    {
      flag: '--model <name>',
      description: 'the model of all rows; the column model, where the file has it, when not given',
    },
  ],
  details:
    'Keeps what really came of predictions. All rows are checked before the first is written: when one does not fit, none is kept. They are written 5,000 at a time, so that others may write between; a command that is killed leaves a part of the rows on record, and the same command again adds the others. The same again changes nothing; another value counts from now on, and the one before stays on record. Rows without a value are passed over.\nExit code: 0; 65 for a class that the model does not know, text for a number, or a time that is none.',
  examples: [
    'riskops outcomes add --file outcomes.csv',
    'riskops outcomes add --file sold.csv --model sell-through --entity-column product_id --value-column sold',
  ],
  async run({ flags, project, output, signal }) {
    const text = (name: string) => flags[name] as string | undefined;
    const path = text('file');
    if (path === undefined) {
      throw new RiskopsError('OPTION_INVALID', {
        what: 'No file is named.',
        fix: 'riskops outcomes add --file outcomes.csv',
      });
    }
    return withStore(project, 'write', async (store) => {
      const file = {
        path,
        idColumn: text('idColumn'),
        entityColumns: flags['entityColumn'] as string[] | undefined,
        valueColumn: text('valueColumn'),
        timeColumn: text('timeColumn'),
        model: text('model'),
      };
      output.progress('reading outcomes');
      let onRecord = 0;
      const added = await addOutcomesOfFile(store, file, {
        actor: project.actor,
        entityOf: (model) => project.get<string[]>('entity', {}, model),
        signal,
        onProgress: ({ read, written }) => {
          onRecord = written;
          output.progress(
            written === 0 ? `${read} rows checked` : `${written} of ${read} outcomes on record`,
          );
        },
      }).catch((error: unknown) => {
        if (signal.aborted && onRecord > 0)
          output.talk(`${onRecord} outcomes are on record: the same command again adds the others.`);
        throw error;
      });
      output.result(added, () => describe(added));
      return undefined;
    });
  },
};

function describe({ received, added, unchanged, corrected, unmatched, blank, notes }: FileAdded): string[] {
  return [
    `${received} outcomes: ${added} added, ${unchanged} unchanged, ${corrected} corrected.`,
    ...(unmatched === 0
      ? []
      : [`${unmatched} name predictions that are not in the log: they are kept, and count when it is.`]),
    ...(blank === 0 ? [] : [`${blank} rows have no value, and were passed over.`]),
    ...notes,
  ];
}
