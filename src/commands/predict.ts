import { resolve } from 'node:path';
import { parseChecks } from '../datasets/checks/checks.js';
import { RiskopsError } from '../errors.js';
import { scoreFile } from '../pipeline/score-file.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';
import { rowRulesOf } from './serve-row-rules.js';

const AGAIN = 'riskops predict --file FILE --out FILE';
const ADVICE = { DATA_FILE_NOT_FOUND: AGAIN, DATA_UNREADABLE: AGAIN };

export const command: Command = {
  options: [
    modelOption,
    { flag: '--file <file>', description: 'CSV or CSV.gz with the rows to score' },
    { flag: '--out <file>', description: 'CSV to write: the rows with their predictions' },
    { flag: '--version <number>', description: 'this version, instead of the current one' },
    {
      flag: '--interval <share>',
      description: 'of a regression: how often the truth is to lie between lower and upper, such as 0.9',
    },
  ],
  details:
    'Scores offline exactly as the server does: same recipe, same model file. Writes the rows again, followed by prediction, and by predicted_class where there are two classes. Where there are more: predicted_class, and probability_CLASS of each. Rows that break a check of the config are named, and nothing is written.\nExit codes: 0 scored, 65 rows that do not fit or break a check.',
  examples: [
    'riskops predict --file in.csv --out out.csv',
    'riskops predict --file in.csv --out out.csv --interval 0.9',
  ],
  async run({ flags, project, output }) {
    const file = required(flags['file'], '--file');
    const out = required(flags['out'], '--out');
    const interval = shareOf(flags['interval']);
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const checks = parseChecks(rowRulesOf(project, model).checks);
      const version = flags['version'] === undefined ? undefined : String(flags['version']);
      const scored = await withAdvice(ADVICE, () =>
        scoreFile(store, { model, version, file: resolve(file), out: resolve(out), interval, checks }),
      );
      output.result(scored, () => [
        `${scored.rows} ${scored.rows === 1 ? 'row' : 'rows'} scored by ${scored.model} version ${scored.version}: ${out}`,
        ...scored.notes,
      ]);
      return undefined;
    });
  },
};

function shareOf(given: unknown): number | null {
  if (given === undefined) return null;
  const value = Number(given);
  if (value > 0 && value < 1) return value;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--interval must be a number between 0 and 1, and is ${JSON.stringify(given)}.`,
    fix: 'riskops predict --file in.csv --out out.csv --interval 0.9',
  });
}

function required(value: unknown, flag: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new RiskopsError('USAGE', {
    what: `${flag} is missing.`,
    why: 'It needs the file to score and the file to write.',
    fix: 'riskops predict --file in.csv --out out.csv',
  });
}
