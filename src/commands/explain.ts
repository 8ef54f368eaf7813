import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { type ExplainedRow, explainFile } from '../pipeline/explain.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { wholeNumber } from './flags.js';
import { formatNumber } from './output.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

const AGAIN = 'riskops explain --file FILE';
const ADVICE = { DATA_FILE_NOT_FOUND: AGAIN, DATA_UNREADABLE: AGAIN };

export const command: Command = {
  options: [
    modelOption,
    { flag: '--file <file>', description: 'the rows to explain' },
    { flag: '--version <number>', description: 'this version, instead of the current one' },
    { flag: '--rows <number>', description: 'how many of its first rows; 20 when not given' },
    { flag: '--top <number>', description: 'features shown of each row; 5 when not given' },
  ],
  details:
    'What each feature adds to the answer, from what the model says of a row that it knows nothing of: exact Shapley values for trees, coefficients for linear models. Two classes are explained in log-odds, of more the predicted one. --json has every class, and what the learner sees.\nExit code: 0 explained.',
  examples: ['riskops explain --file in.csv', 'riskops explain --file in.csv --rows 1 --top 10'],
  async run({ flags, project, output }) {
    const file = flags['file'];
    if (typeof file !== 'string' || file === '') {
      throw new RiskopsError('USAGE', {
        what: '--file is missing.',
        why: 'It names the rows to explain.',
        fix: 'riskops explain --file in.csv',
      });
    }
    const rows = wholeNumber(flags, 'rows', { min: 1, otherwise: 20 });
    const top = wholeNumber(flags, 'top', { min: 1, otherwise: 5 });
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const version = flags['version'] === undefined ? undefined : String(flags['version']);
      const found = await withAdvice(ADVICE, () =>
        explainFile(store, { model, version, file: resolve(file), rows, top }),
      );
      output.result(found, () => [
        `${found.model} version ${found.version}, ${found.rows.length} of ${found.file_rows} rows:`,
        ...found.rows.map(describeRow),
      ]);
      return undefined;
    });
  },
};

function describeRow({ row, predictions, answers, explanation }: ExplainedRow): string {
  const { class: called, base, reasons } = explanation;
  const answer = predictions[called === undefined ? 0 : answers.findIndex((one) => one.class === called)];
  const parts = reasons
    .filter(({ contribution }) => contribution !== 0)
    .map(({ feature, contribution: by }) => `${feature} ${by > 0 ? '+' : ''}${formatNumber(by)}`);
  const shown = called === undefined ? '' : `, ${called}`;
  return `row ${row}${shown}: ${formatNumber(answer)}; ${[`base ${formatNumber(base)}`, ...parts].join(', ')}`;
}
