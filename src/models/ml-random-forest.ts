import { RiskopsError } from '../errors.js';
import { seededRandom } from '../util/random.js';
import type { FitContext, Hyper, Learner, Task, TrainingData } from './learner.js';
import { breathe } from './linear/linear-model.js';
import { convertTrees, type PackageNode, type PackageTree } from './ml-random-forest-trees.js';
import { randomForest } from './random-forest.js';
import { saveForest } from './trees/saved-forest.js';

/** Its training time grows with the square of the rows: 1,000 rows x 23 features take 20 s, 5,000 eight minutes. */
const MOST_ROWS = 5000;

function checkData({ rowCount, x, names, weights, categories }: TrainingData): void {
  if (rowCount > MOST_ROWS) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: `The package ml-random-forest is not given ${rowCount} rows to learn from, only up to ${MOST_ROWS}.`,
      why: 'Its time grows with the square of the rows: hours where our own random forest takes seconds.',
      fix: 'riskops train --learner random-forest',
    });
  }
  if (weights !== null) {
    throw new RiskopsError('TRAINING_FAILED', {
      what: 'The package ml-random-forest cannot weigh rows.',
      why: 'It counts every row once.',
      fix: 'train without weights, or with --engine riskops',
    });
  }
  const category = categories.findIndex((count) => count > 0);
  const missing = x.findIndex((value) => !Number.isFinite(value)) % names.length;
  if (category < 0 && missing < 0) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what:
      category >= 0
        ? `The package ml-random-forest cannot use feature "${names[category]}", which is a category.`
        : `The package ml-random-forest cannot use feature "${names[missing]}", which has a missing value.`,
    why: 'Its recipe must fill missing values, and make numbers of categories.',
    fix: 'add { kind: "impute" } and { kind: "one-hot" } to the recipe, or --engine riskops',
  });
}

/** The package's options for one tree of ours. */
function packageOptions(hyper: Hyper, featureCount: number, seed: number) {
  const wanted = Math.round((hyper['max_features'] as number) * featureCount);
  const features = Math.min(featureCount, Math.max(1, wanted));
  return {
    nEstimators: 1,
    seed,
    replacement: false,
    // The package reads 1 as "all", and rounds a share down: half a feature more lands on the wanted number.
    maxFeatures: features === featureCount ? 1.0 : (features + 0.5) / featureCount,
    useSampleBagging: true,
    noOOB: true,
    treeOptions: {
      maxDepth: hyper['max_depth'] as number,
      minNumSamples: hyper['min_rows'] as number,
      // Its own threshold of .01 ends most trees at the root where no single feature says much.
      gainThreshold: 0,
    },
  };
}

/** What the package keeps of a forest, which its types leave open. */
interface TrainedForest {
  indexes: number[][];
  estimators: { root: PackageNode }[];
}

/** Trains the trees with the package, one by one. */
export async function growTrees(
  data: TrainingData,
  task: Task,
  hyper: Hyper,
  context: FitContext,
): Promise<PackageTree[]> {
  const { RandomForestClassifier, RandomForestRegression } = await import('ml-random-forest');
  const Forest = task === 'binary' ? RandomForestClassifier : RandomForestRegression;
  const size = data.names.length;
  const rows = Array.from({ length: data.rowCount }, (_, i) => [
    ...data.x.subarray(i * size, (i + 1) * size),
  ]);
  const targets = [...data.y];
  const random = seededRandom(context.seed);
  const count = hyper['trees'] as number;
  const trees: PackageTree[] = [];
  // A forest of one tree at a time: the package trains without a pause, and progress and Ctrl-C need one.
  for (let tree = 0; tree < count; tree++) {
    await breathe(context.signal);
    const forest = new Forest(packageOptions(hyper, size, Math.floor(random() * 2 ** 31)));
    forest.train(rows, targets);
    const { indexes, estimators } = forest as unknown as TrainedForest;
    trees.push({ features: indexes[0], root: estimators[0].root });
    context.onStep?.({ step: tree + 1, of: count, metrics: { trees: tree + 1 } });
  }
  return trees;
}

/**
 * The npm package ml-random-forest 2.1.0 (https://github.com/mljs/random-forest), trained here and stored as a forest
 * of ours: the model file holds nothing of the package. The prediction is the share of its trees that vote for the
 * positive class (its own `predictProbability` leaves out the vote of the first tree), or the mean of its trees.
 */
export const mlRandomForest: Learner = {
  name: 'random-forest',
  engine: 'ml-random-forest',
  summary: `Random forest of the npm package ml-random-forest; slow, for up to ${MOST_ROWS} rows.`,
  tasks: ['binary', 'regression'],
  options: [
    { name: 'trees', description: 'number of trees', default: 50, min: 1, max: 1000, integer: true },
    {
      name: 'max_depth',
      description: 'the most splits from the root to a leaf',
      default: 6,
      min: 1,
      max: 64,
      integer: true,
    },
    {
      name: 'min_rows',
      description: 'a node of this many rows or fewer is not split',
      default: 10,
      min: 1,
      max: MOST_ROWS,
      integer: true,
    },
    {
      name: 'max_features',
      description: 'share of the features that each tree sees',
      default: 0.6,
      min: 0,
      max: 1,
    },
  ],
  recipe: [{ kind: 'impute' }, { kind: 'one-hot' }],
  async fit(data, task, hyper, context) {
    checkData(data);
    const forest = convertTrees(await growTrees(data, task, hyper, context), data);
    const { names, categories, classCount } = data;
    const shape = { featureCount: names.length, categories, classCount };
    return randomForest.load({ facts: {}, tensors: saveForest(forest) }, task, shape);
  },
  load: randomForest.load,
};
