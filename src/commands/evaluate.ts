import { resolve } from 'node:path';
import { RiskopsError } from '../errors.js';
import { forecastMethods } from '../evaluation/forecast-methods.js';
import type { Costs } from '../evaluation/threshold.js';
import { evaluateLearner, prepareEvaluation } from '../pipeline/evaluate.js';
import type { AnalysisRequest } from '../pipeline/evaluate-analysis.js';
import { evaluateForecasts } from '../pipeline/evaluate-forecast.js';
import { evaluateVersion } from '../pipeline/evaluate-version.js';
import { usableSource } from '../pipeline/source-paths.js';
import { printable } from '../util/text.js';
import { withAdvice } from './advice.js';
import type { Command, CommandContext } from './command.js';
import { describeEvaluation, describeForecasts } from './evaluate-text.js';
import { wholeNumber } from './flags.js';
import { withStore } from './project-store.js';
import { trainOptions, trainPlan } from './train-plan.js';

const own = [
  {
    flag: '--method <method>',
    description:
      'kfold:5, group:COLUMN:5, rolling:COLUMN:5 or holdout; folds that fit the split when not given',
  },
  { flag: '--slices <column>', description: 'the metrics of each value of this column, with counts' },
  { flag: '--calibration', description: 'predicted probabilities beside what came true' },
  { flag: '--cost <costs>', description: 'the threshold of least cost, such as fp=1,fn=5' },
  { flag: '--test <file>', description: 'wide files: the values that follow those of --data' },
  { flag: '--season <number>', description: 'wide files: values in one season, such as 24 hours of a day' },
];

export const command: Command = {
  options: [
    ...own,
    ...trainOptions,
    { flag: '--name <text>', description: 'what the run is called' },
    { flag: '--note <text>', description: 'a remark, kept with the run' },
  ],
  details:
    'A learner is fitted on folds and measured on rows it did not see; rolling folds go forward in time. --model NAME@VERSION with --data (or --model NAME with --data and no training option: the current version) measures a trained version on a file, and nothing is fitted. With --test the files are wide: each row one series, the first column its name; a simple forecast is compared with what came after by the scores of the M4 competition.\nExit code: 0 measured.',
  examples: [
    'riskops evaluate --method kfold:5',
    'riskops evaluate --data loans.csv --target default --learner ridge --method rolling:month:8 --slices region',
    'riskops evaluate --model credit@3 --data 2026Q1.csv --calibration --cost fp=1,fn=5',
    'riskops evaluate --learner seasonal-naive --season 24 --data Hourly-train.csv --test Hourly-test.csv',
  ],
  async run(context) {
    const { flags } = context;
    const isForecast =
      flags['test'] !== undefined || forecastMethods.some(({ name }) => name === flags['learner']);
    if (isForecast) return forecasts(context);
    return isOfVersion(flags) ? version(context) : learner(context);
  },
};

/** A model's name with a version; or with data and nothing that says how to train. */
function isOfVersion(flags: Record<string, unknown>): boolean {
  const model = flags['model'] as string | undefined;
  if (model === undefined) return false;
  if (model.includes('@')) return true;
  const trains = ['learner', 'method', 'set', 'target', 'split', 'engine'];
  return flags['data'] !== undefined && trains.every((key) => flags[key] === undefined);
}

async function learner({ flags, project, output, signal }: CommandContext): Promise<undefined> {
  const onProgress = (text: string) => output.progress(text);
  const request = analysisOf(flags);
  const method = (flags['method'] as string | undefined) ?? null;
  const prepared = await prepareEvaluation(trainPlan(project, flags), method, request, onProgress);
  return withStore(project, 'create', async (store) => {
    const options = { root: project.root, labels: labelsOf(flags), signal, onProgress };
    const found = await evaluateLearner(store, prepared, request, options);
    output.result(found, () => describeEvaluation(found));
    return undefined;
  });
}

async function version({ flags, project, output }: CommandContext): Promise<undefined> {
  const [model, number] = String(flags['model']).split('@', 2);
  const request = analysisOf(flags);
  const unused = ['method', 'learner', 'set', 'target'].find((key) => flags[key] !== undefined);
  if (unused !== undefined || flags['data'] === undefined)
    throw new RiskopsError('USAGE', {
      what: unused === undefined ? '--data is missing.' : `--${unused} cannot be given with a version.`,
      why: 'A trained version is measured on the rows of a file, and nothing is fitted.',
      fix: `riskops evaluate --model ${model}@${number ?? '1'} --data FILE`,
    });
  const data = usableSource(resolve('.'), String(flags['data']));
  return withStore(project, 'write', async (store) => {
    output.progress('scoring');
    const chosen = { model, version: number, data };
    const options = { root: project.root, labels: labelsOf(flags), policy: project.policyOf(model) };
    const again = `riskops evaluate --model ${model} --data FILE`;
    const found = await withAdvice({ DATA_FILE_NOT_FOUND: again, DATA_UNREADABLE: again }, () =>
      evaluateVersion(store, chosen, request, options),
    );
    output.result(found, () => describeEvaluation(found));
    return undefined;
  });
}

async function forecasts({ flags, output }: CommandContext): Promise<undefined> {
  const required = (key: string) => {
    if (flags[key] !== undefined) return String(flags[key]);
    throw new RiskopsError('USAGE', {
      what: `--${key} is missing.`,
      why: 'Forecasts are made of --data by --learner, and compared with --test.',
      fix: 'riskops evaluate --learner naive --data train.csv --test test.csv',
    });
  };
  const season =
    flags['season'] === undefined ? null : wholeNumber(flags, 'season', { min: 1, otherwise: 1 });
  const found = await evaluateForecasts({
    data: resolve(required('data')),
    test: resolve(required('test')),
    learner: required('learner'),
    season,
  });
  output.result(found, () => describeForecasts(found));
  return undefined;
}

const labelsOf = (flags: Record<string, unknown>) => ({
  name: flags['name'] as string | undefined,
  note: flags['note'] as string | undefined,
});

function analysisOf(flags: Record<string, unknown>): AnalysisRequest {
  return {
    slices: (flags['slices'] as string | undefined) ?? null,
    calibration: flags['calibration'] === true,
    costs: flags['cost'] === undefined ? null : parseCosts(String(flags['cost'])),
  };
}

/** `fp=1,fn=5` */
function parseCosts(text: string): Costs {
  const given = new Map(text.split(',').map((part) => part.split('=') as [string, string]));
  const cost = (name: string) => {
    const value = given.get(name)?.trim() ?? '';
    return /^(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : Number.NaN;
  };
  const [falsePositive, falseNegative] = [cost('fp'), cost('fn')];
  if (given.size === 2 && falsePositive + falseNegative > 0) return { falsePositive, falseNegative };
  throw new RiskopsError('OPTION_INVALID', {
    what: `--cost must be like fp=1,fn=5, and is ${JSON.stringify(printable(text, 40))}.`,
    why: 'fp is what a false alarm costs, fn what a missed case costs; one of them is more than 0.',
    fix: 'riskops evaluate --cost fp=1,fn=5',
  });
}
