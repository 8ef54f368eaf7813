import { seededRandom } from '../util/random.js';
import type {
  FitContext,
  FittedModel,
  Hyper,
  Learner,
  ModelShape,
  SavedModel,
  TrainingData,
} from './learner.js';
import { breathe } from './linear/linear-model.js';
import { modelFileFault } from './saved-model.js';
import type { Forest } from './trees/forest.js';
import { ForestBuilder } from './trees/forest-builder.js';
import { growIsolationTree, meanDepth, openIsolation } from './trees/isolation-tree.js';
import { packForest } from './trees/pack-forest.js';
import { predictForest } from './trees/predict-forest.js';
import { checkFeatures } from './trees/prepare.js';
import { openUrn } from './trees/random-bootstrap.js';
import { loadForest, saveForest } from './trees/saved-forest.js';

/** Trees between two turns of the event loop. */
const TREES_A_TURN = 10;

/** The score 2^(-mean depth of a row / mean depth of an ordinary one): above .5 what lies less deep than that. */
function fittedIsolation(forest: Forest, sampleSize: number): FittedModel {
  const packed = packForest(forest);
  const ordinary = meanDepth(sampleSize) * forest.roots.length;
  return {
    predict(x, rowCount) {
      const depths = predictForest(packed, x, rowCount);
      // Trees of a single row tell nothing apart.
      return depths.map((sum) => (ordinary === 0 ? 0.5 : 2 ** (-sum / ordinary)));
    },
    save: () => ({ facts: { sample_size: sampleSize }, tensors: saveForest(forest) }),
  };
}

function loadIsolation(
  saved: SavedModel,
  _task: unknown,
  { featureCount, categories }: ModelShape,
): FittedModel {
  const { sample_size: sampleSize } = saved.facts;
  if (typeof sampleSize !== 'number' || !Number.isInteger(sampleSize) || sampleSize < 1)
    throw modelFileFault('"sample_size" is not a whole number above 0');
  const forest = loadForest(saved, { featureCount, categories, outputs: 1, leafWidth: 1 });
  const at = forest.value.findIndex((value) => value < 0);
  if (at >= 0) throw modelFileFault(`the value of node ${at} is not a depth`);
  return fittedIsolation(forest, sampleSize);
}

async function growForest(data: TrainingData, hyper: Hyper, context: FitContext): Promise<FittedModel> {
  const { x, rowCount, names, categories, weights } = data;
  const featureCount = names.length;
  const trees = hyper['trees'] as number;
  const sample = Math.min(rowCount, hyper['sample_size'] as number);
  const treeFeatures = Math.min(featureCount, (hyper['max_features'] as number | null) ?? featureCount);
  const builder = new ForestBuilder({ featureCount, categories, outputs: 1, leafWidth: 1 });
  const urn = openUrn(rowCount, weights);
  const grower = openIsolation(x, featureCount, urn, builder, { sample, treeFeatures });
  for (let tree = 0; tree < trees; tree++) {
    if (tree % TREES_A_TURN === 0) await breathe(context.signal);
    growIsolationTree(grower, seededRandom(context.seed, tree));
    context.onStep?.({ step: tree + 1, of: trees, metrics: {} });
  }
  return fittedIsolation(builder.finish(), sample);
}

/**
 * Isolation forest (Liu, Ting and Zhou 2008): rows that random splits set apart early are anomalies. It learns from the features alone: the
 * target is not used, only judged against. Its answer is a score from 0 to 1, high where a row is anomalous, and no probability:
 * ranks (AUC, average precision) and a threshold mean something, calibration, log loss and Brier score mean little.
 */
export const isolationForest: Learner = {
  name: 'isolation-forest',
  engine: 'riskops',
  unsupervised: true,
  summary:
    'Isolation forest: an anomaly score, learned without the target; high is anomalous, not a probability.',
  tasks: ['binary'],
  options: [
    { name: 'trees', description: 'number of trees', default: 100, min: 1, max: 100_000, integer: true },
    {
      name: 'sample_size',
      description: 'rows drawn for each tree',
      default: 256,
      min: 2,
      max: 1_000_000,
      integer: true,
      search: { low: 32, high: 4096, log: true },
    },
    {
      name: 'max_features',
      description: 'features drawn for each tree; none: all',
      default: null,
      min: 1,
      max: 32_767,
      integer: true,
    },
  ],
  recipe: [{ kind: 'one-hot' }],
  async fit(data, _task, hyper, context) {
    checkFeatures(data);
    return growForest(data, hyper, context);
  },
  load: loadIsolation,
};
