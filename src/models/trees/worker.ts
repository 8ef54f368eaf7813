/** The entry of a training thread: grows the trees of one job, then ends. What it throws reaches `runJob` as an error event. */
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../../util/random.js';
import { boost } from './boost.js';
import { ForestBuilder } from './forest-builder.js';
import type { BoostingJob, RandomForestJob, TrainingJob, TrainingMessage } from './job.js';
import { openWorkshop } from './random-split.js';
import { growRandomTree } from './random-tree.js';

function post(message: TrainingMessage): void {
  parentPort?.postMessage(message);
}

function runBoosting({ columns, y, task, options }: BoostingJob): void {
  const { forest, base } = boost(columns, y, task, options, (loss) =>
    post({ type: 'tree', metrics: { loss } }),
  );
  post({ type: 'done', part: { numbers: Array.from(forest.roots.keys()), forest }, base });
}

/** Threads take the next tree as they get free; a tree's seed is its number, so it does not matter which thread does. */
function runRandomForest({ columns, y, task, options, nextTree }: RandomForestJob): void {
  // A target far from 0 would lose digits in the squares of its sums; 0 and 1 are counted exactly as they are.
  const offset = task === 'binary' ? 0 : y.reduce((sum, value) => sum + value, 0) / y.length;
  const shop = openWorkshop(columns, y, offset);
  const builder = new ForestBuilder(columns.featureCount);
  const numbers: number[] = [];
  for (let tree = Atomics.add(nextTree, 0, 1); tree < options.trees; tree = Atomics.add(nextTree, 0, 1)) {
    growRandomTree(shop, builder, options, seededRandom(options.seed, tree));
    numbers.push(tree);
    post({ type: 'tree', metrics: {} });
  }
  post({ type: 'done', part: { numbers, forest: builder.finish() }, base: 0 });
}

const job = workerData as TrainingJob;
if (job.kind === 'gradient-boosting') runBoosting(job);
else runRandomForest(job);
