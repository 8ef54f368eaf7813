import type { FittedModel, Hyper, Learner, SavedModel, Task } from './learner.js';
import { modelFileFault } from './saved-model.js';
import type { BoostingOptions } from './trees/boost.js';
import { DEPTH_LIMIT, type Forest } from './trees/forest.js';
import { sigmoid } from './trees/loss.js';
import { packForest, predictForest } from './trees/predict-forest.js';
import { prepareData } from './trees/prepare.js';
import { runJob } from './trees/run-job.js';
import { loadForest, saveForest } from './trees/saved-forest.js';

/** A prediction is `base` plus the leaves' values; for a class these are log-odds. */
function fittedBoosting(forest: Forest, base: number, task: Task): FittedModel {
  const packed = packForest(forest);
  return {
    predict(x, rowCount) {
      const sums = predictForest(packed, x, rowCount, base);
      return task === 'binary' ? sums.map(sigmoid) : sums;
    },
    save: () => ({ facts: { base }, tensors: saveForest(forest) }),
  };
}

function loadBoosting(saved: SavedModel, task: Task, featureCount: number): FittedModel {
  const { base } = saved.facts;
  if (typeof base !== 'number' || !Number.isFinite(base))
    throw modelFileFault('"base" is not a finite number');
  return fittedBoosting(loadForest(saved, featureCount), base, task);
}

function optionsOf(hyper: Hyper): BoostingOptions {
  return {
    trees: hyper['trees'] as number,
    learningRate: hyper['learning_rate'] as number,
    leaves: hyper['leaves'] as number,
    minLeaf: hyper['min_leaf'] as number,
    maxDepth: hyper['max_depth'] as number | null,
    l2: hyper['l2'] as number,
  };
}

/** Gradient-boosted trees on binned features, as LightGBM grows them (Ke et al. 2017): leaf-wise, by histograms. */
export const gradientBoosting: Learner = {
  name: 'gradient-boosting',
  engine: 'riskops',
  summary: 'Gradient boosting: small trees, each correcting the sum of those before it.',
  tasks: ['binary', 'regression'],
  options: [
    { name: 'trees', description: 'number of trees', default: 100, min: 1, max: 100_000, integer: true },
    {
      name: 'learning_rate',
      description: 'share of each correction that is kept',
      default: 0.1,
      min: 1e-6,
      max: 1,
    },
    { name: 'leaves', description: 'most leaves of a tree', default: 31, min: 2, max: 4096, integer: true },
    { name: 'min_leaf', description: 'fewest rows in a leaf', default: 20, min: 1, max: 1e9, integer: true },
    {
      name: 'max_depth',
      description: 'most splits from root to leaf',
      default: null,
      min: 1,
      max: DEPTH_LIMIT,
      integer: true,
    },
    { name: 'l2', description: 'L2 penalty on the values of leaves', default: 1, min: 0, max: 1e12 },
  ],
  recipe: [{ kind: 'one-hot' }],
  async fit(data, task, hyper, context) {
    const prepared = await prepareData(data, task, context.signal);
    const job = { kind: 'gradient-boosting' as const, ...prepared, options: optionsOf(hyper) };
    const { forest, base } = await runJob(job, 1, context);
    return fittedBoosting(forest, base, task);
  },
  load: loadBoosting,
};
