import { seededRandom } from '../../util/random.js';
import { ForestBuilder, type ForestPart } from './forest-builder.js';
import type { RandomForestJob } from './job.js';
import { openUrn } from './random-bootstrap.js';
import { nodeWork } from './random-kernel.js';
import { openWorkshop } from './random-split.js';
import { randomTargets } from './random-targets.js';
import { growRandomTree, type RandomGrower } from './random-tree.js';
import { Space } from './space.js';

function openGrower(job: RandomForestJob): RandomGrower {
  const { columns, weights, options, memory, module } = job;
  const { rowCount, featureCount, categories } = columns;
  const space = new Space(memory);
  const targets = randomTargets(job, space);
  const { values, width } = targets;
  const shop = openWorkshop(columns, values, width, options.minLeaf, space);
  return {
    ...{ shop, targets, options },
    work: nodeWork(shop, space, module),
    urn: openUrn(rowCount, weights),
    builder: new ForestBuilder({ featureCount, categories, outputs: width, leafWidth: width }),
    features: new Int32Array(featureCount),
    numbers: space.ints(featureCount),
  };
}

/** Grows trees until there is no next one: threads take the next as they get free. A tree's seed is its number, whichever thread grows it. */
export function growForestPart(job: RandomForestJob, onTree: () => void): ForestPart {
  const { options, nextTree } = job;
  const grower = openGrower(job);
  const numbers: number[] = [];
  for (let tree = Atomics.add(nextTree, 0, 1); tree < options.trees; tree = Atomics.add(nextTree, 0, 1)) {
    growRandomTree(grower, seededRandom(options.seed, tree));
    numbers.push(tree);
    onTree();
  }
  return { numbers, forest: grower.builder.finish() };
}
