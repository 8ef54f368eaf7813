import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { IMPORT_FORMATS, type ImportFormat, importModel } from '../pipeline/import-model.js';
import { usableSource } from '../pipeline/source-paths.js';
import { dataDefaults } from '../pipeline/train-plan.js';
import { withAdvice } from './advice.js';
import type { Command } from './command.js';
import { formatNumber } from './output.js';
import { withStore } from './project-store.js';

export const command: Command = {
  args: '<file>',
  options: [
    { flag: '--format <format>', description: 'lightgbm (text) or xgboost (JSON)', choices: IMPORT_FORMATS },
    { flag: '--model <name>', description: "the model's name", setting: 'model' },
    { flag: '--target <column>', description: 'what it predicts', setting: 'target' },
    {
      flag: '--parity <file>',
      description:
        'CSV with the features and, as prediction or probability_CLASS, the answers of the other program',
    },
    {
      flag: '--tolerance <number>',
      description: 'how far an answer may be from it, relative; 1e-6 when not given',
    },
    {
      flag: '--classes <names>',
      description: 'what classes 0, 1, ... are called, separated by commas; their numbers when not given',
    },
    { flag: '--data <source>', description: 'labelled rows that the gate may judge it by' },
    {
      flag: '--split <rule>',
      description: 'which of them judge it; every:2:1 when not given',
    },
    { flag: '--positive <class>', description: 'which class of --data is class 1' },
  ],
  details:
    'Takes in trees that LightGBM (v3, v4) or XGBoost (gbtree) grew, as a candidate version. It is refused unless its answers agree with those of the parity sample. Rows of --data should be rows that the other program did not learn from; without them, riskops gate cannot judge the version.\nExit code: 0 imported, 4 no such file, 65 the file is refused, or the answers differ.',
  examples: [
    'riskops models import model.txt --format lightgbm --model churn --target churned --parity sample.csv',
    'riskops models import model.json --format xgboost --model price --target price --parity sample.csv --data 2026.csv',
  ],
  async run({ args, flags, project, output }) {
    const need = (key: string): string => {
      const value = project.get<string | null>(key, flags);
      if (typeof value === 'string' && value !== '') return value;
      throw missing(`--${key}`);
    };
    const format = flags['format'] as ImportFormat;
    if (!IMPORT_FORMATS.includes(format)) throw missing(`--format ${IMPORT_FORMATS.join(' or ')}`);
    const tolerance = Number(flags['tolerance'] ?? 1e-6);
    if (!(tolerance >= 0 && tolerance < 1)) throw missing('--tolerance, from 0 to below 1');
    const target = need('target');
    const data = flags['data'] as string | undefined;
    const request = {
      ...{ file: resolve(args[0]), format, target, tolerance },
      model: need('model'),
      parity: resolve(typeof flags['parity'] === 'string' ? flags['parity'] : needParity()),
      classes: flags['classes'] === undefined ? null : String(flags['classes']).split(',').map(classOf),
      data:
        data === undefined
          ? null
          : {
              ...dataDefaults,
              ...{ data: usableSource(process.cwd(), data), target, task: null, seed: 0, drop: [], keep: [] },
              positive: (flags['positive'] as string | undefined) ?? null,
              split: (flags['split'] as string | undefined) ?? 'every:2:1',
            },
    };
    return withStore(project, 'create', async (store) => {
      const done = await withAdvice({ DATA_FILE_NOT_FOUND: 'riskops models import --help' }, () =>
        importModel(store, request, { root: project.root }),
      );
      const { version, parity, metrics } = done;
      output.result(done, () => [
        `${version.model} version ${version.version}: ${done.trees} trees of ${done.program}, ${done.features} features.`,
        `Its answers agree on ${parity.rows} rows; the greatest difference is ${formatNumber(parity.greatest_difference)}.`,
        ...(Object.keys(metrics).length === 0
          ? []
          : [
              Object.entries(metrics)
                .map(([name, value]) => `${name} ${formatNumber(value)}`)
                .join(', '),
            ]),
        request.data === null
          ? `Next: riskops predict --model ${version.model} --version ${version.version} --file FILE --out FILE`
          : `Next: riskops gate --model ${version.model} --version ${version.version}`,
      ]);
      return undefined;
    });
  },
};

function missing(what: string): RiskopsError {
  return new RiskopsError('USAGE', {
    what: `${what} is missing.`,
    why: 'An import needs the format, the name, the target and a parity sample.',
    fix: 'riskops models import --help',
  });
}

function needParity(): never {
  throw missing('--parity');
}

/** A class as it would stand in a file: numbers are numbers, true and false themselves. */
function classOf(word: string): string | number | boolean {
  if (word === 'true' || word === 'false') return word === 'true';
  return word.trim() !== '' && Number.isFinite(Number(word)) ? Number(word) : word;
}
