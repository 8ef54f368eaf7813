import type { FittedModel, Hyper, Learner, SavedModel, Task } from './learner.js';
import { modelFileFault } from './saved-model.js';
import { DEPTH_LIMIT, type Forest } from './trees/forest.js';
import type { RandomForestJob } from './trees/job.js';
import { packForest, predictForest } from './trees/predict-forest.js';
import { prepareData } from './trees/prepare.js';
import { runJob } from './trees/run-job.js';
import { loadForest, saveForest } from './trees/saved-forest.js';

/** A prediction is the mean of the leaves' values: for a class, of the shares of its rows. */
function fittedForest(forest: Forest): FittedModel {
  const packed = packForest(forest);
  const treeCount = forest.roots.length;
  return {
    predict: (x, rowCount) => predictForest(packed, x, rowCount).map((sum) => sum / treeCount),
    save: () => ({ facts: {}, tensors: saveForest(forest) }),
  };
}

function loadRandomForest(saved: SavedModel, task: Task, featureCount: number): FittedModel {
  const forest = loadForest(saved, featureCount);
  if (task === 'binary') {
    const at = forest.value.findIndex((value) => value < 0 || value > 1);
    if (at >= 0) throw modelFileFault(`the value of node ${at} is not a probability`);
  }
  return fittedForest(forest);
}

/** How many of `count` features are drawn for a split; see the option `max_features`. */
function featuresPerSplit(wanted: string | number | null, count: number, task: Task): number {
  if (typeof wanted === 'number') return Math.min(wanted, count);
  const rule = wanted ?? (task === 'binary' ? 'sqrt' : 'third');
  if (rule === 'all') return count;
  return Math.max(1, Math.floor(rule === 'sqrt' ? Math.sqrt(count) : count / 3));
}

function optionsOf(hyper: Hyper, featureCount: number, task: Task, seed: number): RandomForestJob['options'] {
  return {
    trees: hyper['trees'] as number,
    // A leaf's share of a class is a poor probability when few rows make it up.
    minLeaf: (hyper['min_leaf'] as number | null) ?? (task === 'binary' ? 10 : 2),
    maxDepth: hyper['max_depth'] as number | null,
    featuresPerSplit: featuresPerSplit(hyper['max_features'] as string | number | null, featureCount, task),
    seed,
  };
}

/** Random forest (Breiman 2001) on binned features, grown on several threads; the same bytes for any number of them. */
export const randomForest: Learner = {
  name: 'random-forest',
  engine: 'riskops',
  summary: 'Random forest: the mean of deep trees, each grown on its own draw of rows.',
  tasks: ['binary', 'regression'],
  options: [
    { name: 'trees', description: 'number of trees', default: 200, min: 1, max: 100_000, integer: true },
    {
      name: 'min_leaf',
      description: 'fewest drawn rows in a leaf; none: 10 for a class, 2 for a number',
      default: null,
      min: 1,
      max: 1e9,
      integer: true,
    },
    {
      name: 'max_features',
      description: 'features drawn for each split; none: sqrt for a class, third for a number',
      default: null,
      choices: ['sqrt', 'third', 'all'],
      min: 1,
      max: 32_767,
      integer: true,
    },
    {
      name: 'max_depth',
      description: 'most splits from root to leaf',
      default: null,
      min: 1,
      max: DEPTH_LIMIT,
      integer: true,
    },
  ],
  recipe: [{ kind: 'one-hot' }],
  async fit(data, task, hyper, context) {
    const prepared = await prepareData(data, task, context.signal);
    const job: RandomForestJob = {
      kind: 'random-forest',
      ...prepared,
      options: optionsOf(hyper, data.names.length, task, context.seed),
      nextTree: new Int32Array(new SharedArrayBuffer(4)),
    };
    const threads = Math.max(1, Math.min(context.threads, job.options.trees));
    const { forest } = await runJob(job, threads, context);
    return fittedForest(forest);
  },
  load: loadRandomForest,
};
