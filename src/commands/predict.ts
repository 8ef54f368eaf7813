import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { scoreFile } from '../pipeline/score-file.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { chosenModel, modelOption, withStore } from './project-store.js';

export const command: Command = {
  options: [
    modelOption,
    { flag: '--file <file>', description: 'CSV or CSV.gz with the rows to score' },
    { flag: '--out <file>', description: 'CSV to write: the rows with their predictions' },
    { flag: '--version <number>', description: 'this version, instead of the current one' },
  ],
  details:
    'Scores offline exactly as the server does: same recipe, same model file. Writes the rows again, followed by prediction, and by predicted_class where there are two classes. Where there are more: predicted_class, and probability_CLASS of each.',
  examples: ['riskops predict --file in.csv --out out.csv'],
  async run({ flags, project, output }) {
    const file = required(flags['file'], '--file');
    const out = required(flags['out'], '--out');
    return withStore(project, 'read', async (store) => {
      const model = await chosenModel(store, project, flags);
      const version = flags['version'] === undefined ? undefined : String(flags['version']);
      const scored = await withAdvice({ DATA_FILE_NOT_FOUND: 'riskops predict --file FILE --out FILE' }, () =>
        scoreFile(store, { model, version, file: resolve(file), out: resolve(out) }),
      );
      output.result(scored, () => [
        `${scored.rows} ${scored.rows === 1 ? 'row' : 'rows'} scored by ${scored.model} version ${scored.version}: ${out}`,
        ...scored.notes,
      ]);
      return undefined;
    });
  },
};

function required(value: unknown, flag: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new RiskopsError('USAGE', {
    what: `${flag} is missing.`,
    why: 'It needs the file to score and the file to write.',
    fix: 'riskops predict --file in.csv --out out.csv',
  });
}
