import { RiskopsError } from '../errors.js';
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
import { DEPTH_LIMIT, type Forest } from './trees/forest.js';
import type { RandomForestJob } from './trees/job.js';
import { packForest } from './trees/pack-forest.js';
import { predictForest } from './trees/predict-forest.js';
import { prepareData } from './trees/prepare.js';
import { runJob } from './trees/run-job.js';
import { loadForest, saveForest } from './trees/saved-forest.js';
import { explainForest, gainImportances } from './trees/tree-shap.js';

/** A prediction is the mean of the leaves' values: for a class, of the shares of its rows. Explained is this mean itself. */
function fittedForest(forest: Forest): FittedModel {
  const packed = packForest(forest);
  const treeCount = forest.roots.length;
  return {
    predict(x, rowCount) {
      const sums = predictForest(packed, x, rowCount);
      for (let i = 0; i < sums.length; i++) sums[i] /= treeCount;
      return sums;
    },
    save: () => ({ facts: {}, tensors: saveForest(forest) }),
    importances: () => gainImportances(forest),
    explain: (x, rowCount) => explainForest(forest, x, rowCount, 0, 1 / treeCount),
  };
}

function loadRandomForest(saved: SavedModel, task: Task, shape: ModelShape): FittedModel {
  const { featureCount, categories, classCount } = shape;
  const width = task === 'multiclass' ? classCount : 1;
  const forest = loadForest(saved, { featureCount, categories, outputs: width, leafWidth: width });
  if (task !== 'regression') {
    const at = forest.value.findIndex((value) => value < 0 || value > 1);
    if (at >= 0) throw modelFileFault(`the value of node ${Math.floor(at / width)} is not a probability`);
  }
  return fittedForest(forest);
}

/** How many of `count` features are drawn for a split; see the option `max_features`. */
function featuresPerSplit(wanted: string | number | null, count: number, task: Task): number {
  if (typeof wanted === 'number') return Math.min(wanted, count);
  const rule = wanted ?? (task === 'regression' ? 'third' : 'sqrt');
  if (rule === 'all') return count;
  return Math.max(1, Math.floor(rule === 'sqrt' ? Math.sqrt(count) : count / 3));
}

function optionsOf(hyper: Hyper, featureCount: number, task: Task, seed: number): RandomForestJob['options'] {
  return {
    trees: hyper['trees'] as number,
    // A leaf's share of a class is a poor probability when few rows make it up.
    minLeaf: (hyper['min_leaf'] as number | null) ?? (task === 'regression' ? 2 : 10),
    maxDepth: hyper['max_depth'] as number | null,
    leaves: hyper['leaves'] as number | null,
    featuresPerSplit: featuresPerSplit(hyper['max_features'] as string | number | null, featureCount, task),
    seed,
  };
}

/** A prediction sums the trees: what is too large for that is found before hours of training. */
function checkTargets({ y }: TrainingData, trees: number): void {
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (Number.isFinite(largest * (trees + 1))) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'The targets are too large for a forest.',
    why: `The largest is ${largest}, and the sum over ${trees} trees is beyond all numbers.`,
    fix: 'the target in a larger unit',
  });
}

async function growForest(
  data: TrainingData,
  task: Task,
  hyper: Hyper,
  context: FitContext,
): Promise<Forest> {
  if (task === 'regression') checkTargets(data, hyper['trees'] as number);
  const prepared = await prepareData(data, task, context);
  const job: RandomForestJob = {
    kind: 'random-forest',
    ...prepared,
    options: optionsOf(hyper, data.names.length, task, context.seed),
    nextTree: new Int32Array(new SharedArrayBuffer(4)),
    module: kernelModule('forest'),
  };
  const threads = Math.max(1, Math.min(context.threads, job.options.trees));
  const { forest } = await runJob(job, threads, context);
  return forest;
}

/**
 * Random forest (Breiman 2001) on binned features, grown on several threads; the same bytes for any number of them. Missing values
 * go to the side that each split learned for them; categories are split by sets. Rows are drawn for each tree by their weights.
 */
export const randomForest: Learner = {
  name: 'random-forest',
  engine: 'riskops',
  summary: 'Random forest: the mean of deep trees, each grown on its own draw of rows.',
  tasks: ['binary', 'multiclass', 'regression'],
  options: [
    { name: 'trees', description: 'number of trees', default: 200, min: 1, max: 100_000, integer: true },
    {
      name: 'min_leaf',
      description: 'fewest drawn rows in a leaf; none: 10 for a class, 2 for a number',
      default: null,
      min: 1,
      max: 1e9,
      integer: true,
      search: { low: 1, high: 50, log: true },
    },
    {
      name: 'max_features',
      description: 'features drawn for each split; none: sqrt for a class, third for a number',
      default: null,
      choices: ['sqrt', 'third', 'all'],
      min: 1,
      max: 32_767,
      integer: true,
      search: { values: ['sqrt', 'third', 'all'] },
    },
    {
      name: 'max_depth',
      description: 'most splits from root to leaf',
      default: null,
      min: 1,
      max: DEPTH_LIMIT,
      integer: true,
    },
    {
      name: 'leaves',
      description: 'most leaves of a tree, the splits that gain most made first',
      default: null,
      min: 2,
      max: 4096,
      integer: true,
    },
  ],
  recipe: [],
  async fit(data, task, hyper, context) {
    return fittedForest(await growForest(data, task, hyper, context));
  },
  load: loadRandomForest,
};
