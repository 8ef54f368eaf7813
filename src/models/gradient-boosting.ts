import { RiskopsError } from '../errors.js';
import { boostingOptions } from './gradient-boosting-options.js';
import { kernelModule } from './kernels.js';
import type {
  FitContext,
  FittedModel,
  Hyper,
  Learner,
  ModelShape,
  SavedModel,
  Task,
  TrainingData,
} from './learner.js';
import { modelFileFault } from './saved-model.js';
import type { BoostingOptions } from './trees/boost.js';
import type { WatchedRows } from './trees/boosting/early-stopping.js';
import { readMonotone } from './trees/boosting/monotone.js';
import type { Forest } from './trees/forest.js';
import type { BoostingJob } from './trees/job.js';
import { sigmoid } from './trees/loss.js';
import { packForest } from './trees/pack-forest.js';
import { predictForest } from './trees/predict-forest.js';
import { prepareData } from './trees/prepare.js';
import { runJob } from './trees/run-job.js';
import { loadForest, saveForest } from './trees/saved-forest.js';
import { explainForest, gainImportances } from './trees/tree-shap.js';

/** Turns each row's sums into the probabilities of its classes, in place. */
function softmaxRows(sums: Float64Array, classCount: number): Float64Array {
  for (let from = 0; from < sums.length; from += classCount) {
    const row = sums.subarray(from, from + classCount);
    let most = row[0];
    for (const sum of row) if (sum > most) most = sum;
    let total = 0;
    for (let k = 0; k < classCount; k++) total += row[k] = Math.exp(row[k] - most);
    for (let k = 0; k < classCount; k++) row[k] /= total;
  }
  return sums;
}

/** What the model file keeps of a boosted forest besides its trees. */
interface BoostingFacts extends Record<string, unknown> {
  /** Where the sums begin: one number, or one a class. */
  base: number | number[];
  /** The round that early stopping kept as the last. */
  best_step?: number;
}

/** A prediction is `base` plus the leaves' values; for classes these are log-odds. */
function fittedBoosting(forest: Forest, facts: BoostingFacts, task: Task): FittedModel {
  const packed = packForest(forest);
  const bases = Float64Array.from([facts.base].flat());
  return {
    predict(x, rowCount) {
      const sums = predictForest(packed, x, rowCount, bases);
      if (task === 'multiclass') return softmaxRows(sums, forest.outputs);
      return task === 'binary' ? sums.map(sigmoid) : sums;
    },
    save: () => ({ facts, tensors: saveForest(forest) }),
    importances: () => gainImportances(forest),
    explain(x, rowCount) {
      const { base, contributions } = explainForest(forest, x, rowCount);
      return { base: base.map((value, output) => value + bases[output]), contributions };
    },
  };
}

/** The facts of a model file, checked. */
function readFacts({ facts }: SavedModel, outputs: number): BoostingFacts {
  const { base, best_step: bestStep } = facts;
  const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
  if (outputs === 1 && !isNumber(base)) throw modelFileFault('"base" is not a finite number');
  if (outputs > 1 && !(Array.isArray(base) && base.length === outputs && base.every(isNumber)))
    throw modelFileFault(`"base" is not a list of ${outputs} finite numbers`);
  if (bestStep !== undefined && !(Number.isInteger(bestStep) && (bestStep as number) > 0))
    throw modelFileFault('"best_step" is not a count of rounds');
  return facts as BoostingFacts;
}

function loadBoosting(saved: SavedModel, task: Task, shape: ModelShape): FittedModel {
  const { featureCount, categories, classCount } = shape;
  const outputs = task === 'multiclass' ? classCount : 1;
  const facts = readFacts(saved, outputs);
  return fittedBoosting(loadForest(saved, { featureCount, categories, outputs, leafWidth: 1 }), facts, task);
}

function refuseOption(option: string, what: string, why: string): never {
  throw new RiskopsError('LEARNER_OPTION_INVALID', { what, why, details: { option } });
}

/** Options that say nothing about this task, or cannot be held beside others. */
function checkOptions({ loss, quantile, monotone }: BoostingOptions, task: Task): void {
  if (task !== 'regression' && loss !== 'squared')
    refuseOption('loss', `The loss ${loss} is for regressions.`, 'Classes are learned by their log loss.');
  if (loss !== 'quantile' && quantile !== 0.5)
    refuseOption('quantile', `The loss ${loss} has no quantile.`, 'Only the loss quantile asks for one.');
  if (monotone === null) return;
  const what = 'monotone cannot be held here.';
  if (task === 'multiclass')
    refuseOption('monotone', what, 'Of several classes, the probabilities cannot all rise or fall.');
  if (loss !== 'squared')
    refuseOption('monotone', what, `The loss ${loss} sets its leaves anew, after their splits are chosen.`);
}

function optionsOf(hyper: Hyper, data: TrainingData, task: Task, seed: number): BoostingOptions {
  const loss = hyper['loss'] as BoostingOptions['loss'];
  const monotone = readMonotone(hyper['monotone'] as string | null, data.names, data.categories);
  const options: BoostingOptions = {
    trees: hyper['trees'] as number,
    learningRate: hyper['learning_rate'] as number,
    leaves: hyper['leaves'] as number,
    minLeaf: hyper['min_leaf'] as number,
    maxDepth: hyper['max_depth'] as number | null,
    l1: hyper['l1'] as number,
    l2: hyper['l2'] as number,
    rowShare: hyper['row_share'] as number,
    columnShare: hyper['column_share'] as number,
    earlyStopping: hyper['early_stopping'] as number | null,
    ...{ loss, quantile: hyper['quantile'] as number, monotone, seed },
  };
  checkOptions(options, task);
  return options;
}

const sharedCopy = (values: Float64Array) => {
  const copy = new Float64Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
};

/** The rows that early stopping watches, where it is asked for. */
function watchedRows({ validation }: TrainingData, { earlyStopping }: BoostingOptions): WatchedRows | null {
  if (validation === null || earlyStopping === null || validation.rowCount === 0) return null;
  const { x, y, weights } = validation;
  return { x: sharedCopy(x), y: sharedCopy(y), weights: weights === null ? null : sharedCopy(weights) };
}

const largestOf = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Targets are summed over rows, and corrections over trees: what is too large for that is found before training. */
function checkTargets({ y, weights, rowCount }: TrainingData, { trees }: BoostingOptions): void {
  const largest = largestOf(y);
  const heaviest = weights === null ? 1 : Math.max(1, largestOf(weights));
  // A correction may be twice as large as the targets, from the largest to the smallest.
  if (Number.isFinite(2 * largest * Math.max(heaviest * rowCount, trees + 1))) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'The targets are too large for gradient boosting.',
    why: `The largest is ${largest}, and the sum of ${rowCount} of them is beyond all numbers.`,
    fix: 'give the target in a larger unit, such as millions',
    details: { largest, rows: rowCount },
  });
}

/** Bytes of the histograms of a tree's leaves, at most. */
const histogramBytes = ({ leaves }: BoostingOptions, { names, rowCount }: TrainingData) =>
  leaves * names.length * Math.min(256, rowCount + 1) * 16;

async function fitBoosting(
  data: TrainingData,
  task: Task,
  hyper: Hyper,
  context: FitContext,
): Promise<FittedModel> {
  const options = optionsOf(hyper, data, task, context.seed);
  checkTargets(data, options);
  const prepared = await prepareData(data, task, context, histogramBytes(options, data));
  const job: BoostingJob = {
    kind: 'gradient-boosting',
    ...prepared,
    options,
    watched: watchedRows(data, options),
    module: kernelModule('trees'),
  };
  const { forest, facts } = await runJob(job, 1, context);
  return fittedBoosting(forest, facts as BoostingFacts, task);
}

/**
 * Gradient-boosted trees on binned features, as LightGBM grows them (Ke et al. 2017): leaf-wise, by histograms. Missing values and
 * categories are split as they are. Gradients are summed as whole numbers, so that the same data and seed give the same bytes, by
 * WebAssembly and by plain TypeScript.
 */
export const gradientBoosting: Learner = {
  name: 'gradient-boosting',
  engine: 'riskops',
  summary: 'Gradient boosting: small trees, each correcting the sum of those before it.',
  tasks: ['binary', 'multiclass', 'regression'],
  options: boostingOptions,
  recipe: [],
  stopsEarly: true,
  fit: fitBoosting,
  load: loadBoosting,
};
