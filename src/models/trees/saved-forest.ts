import type { SavedModel, Tensor, TensorType } from '../learner.js';
import { checkTensorNames, finiteTensorOf, modelFileFault, TENSOR_ARRAYS, tensorOf } from '../saved-model.js';
import { DEPTH_LIMIT, type Forest } from './forest.js';

const TYPES = {
  feature: 'I16',
  threshold: 'F64',
  left: 'I32',
  value: 'F64',
  cover: 'F64',
  missing_left: 'U8',
  roots: 'I32',
} as const satisfies Record<string, TensorType>;

/** The forest as tensors, one element a node, and `roots` with one a tree. */
export function saveForest(forest: Forest): Record<string, Tensor> {
  const { feature, threshold, left, value, cover, missingLeft, roots } = forest;
  const arrays = { feature, threshold, left, value, cover, missing_left: missingLeft, roots };
  const tensors: Record<string, Tensor> = {};
  for (const name of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
    tensors[name] = { type: TYPES[name], shape: [arrays[name].length], data: arrays[name] };
  }
  return tensors;
}

/** The number of elements that a tensor really has, whatever its shape says. */
function lengthOf(saved: SavedModel, name: keyof typeof TYPES): number {
  const data = Object.hasOwn(saved.tensors, name) ? saved.tensors[name].data : undefined;
  if (data === undefined) throw modelFileFault(`tensor "${name}" is missing`);
  if (!(data instanceof TENSOR_ARRAYS[TYPES[name]]))
    throw modelFileFault(`tensor "${name}" is not ${TYPES[name]}`);
  return data.length;
}

function readForest(saved: SavedModel, featureCount: number): Forest {
  checkTensorNames(saved, Object.keys(TYPES));
  const nodeCount = lengthOf(saved, 'feature');
  for (const name of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
    const length = lengthOf(saved, name);
    if (name !== 'roots' && length !== nodeCount) {
      throw modelFileFault(`tensor "${name}" has ${length} nodes, tensor "feature" has ${nodeCount}`);
    }
  }
  const shape = [nodeCount];
  return {
    featureCount,
    feature: tensorOf(saved, 'feature', 'I16', shape),
    threshold: finiteTensorOf(saved, 'threshold', 'F64', shape),
    left: tensorOf(saved, 'left', 'I32', shape),
    value: finiteTensorOf(saved, 'value', 'F64', shape),
    cover: finiteTensorOf(saved, 'cover', 'F64', shape),
    missingLeft: tensorOf(saved, 'missing_left', 'U8', shape),
    roots: tensorOf(saved, 'roots', 'I32', [lengthOf(saved, 'roots')]),
  };
}

/** The depth of each node, 0 where it is not known yet: the roots' is 1. */
function markRoots({ feature, roots }: Forest): Int16Array {
  const depths = new Int16Array(feature.length);
  if (roots.length === 0) throw modelFileFault('the forest has no tree');
  for (let tree = 0; tree < roots.length; tree++) {
    const root = roots[tree];
    if (!(root >= 0 && root < feature.length))
      throw modelFileFault(`tree ${tree} begins at node ${root}, which does not exist`);
    if (depths[root] !== 0) throw modelFileFault(`two trees begin at node ${root}`);
    depths[root] = 1;
  }
  return depths;
}

/**
 * Children come after their parents, so one pass in order meets every node after its parent: each node must be a
 * root or the child of exactly one node, which leaves no cycle, no shared branch and no node outside a tree.
 */
function checkNodes(forest: Forest): void {
  const { featureCount, feature, left, cover, missingLeft } = forest;
  const depths = markRoots(forest);
  for (let node = 0; node < feature.length; node++) {
    if (depths[node] === 0) throw modelFileFault(`node ${node} belongs to no tree`);
    if (cover[node] < 0) throw modelFileFault(`node ${node} has a negative cover`);
    if (missingLeft[node] > 1)
      throw modelFileFault(`node ${node} sends missing values to side ${missingLeft[node]}`);
    if (feature[node] === -1) continue;
    if (feature[node] < -1 || feature[node] >= featureCount) {
      throw modelFileFault(`node ${node} asks for feature ${feature[node]} of ${featureCount}`);
    }
    const child = left[node];
    if (child <= node || child + 1 >= feature.length) {
      throw modelFileFault(`node ${node} has its children at ${child}, of ${feature.length} nodes`);
    }
    if (depths[child] !== 0 || depths[child + 1] !== 0) {
      const taken = depths[child] !== 0 ? child : child + 1;
      throw modelFileFault(`node ${taken} has two parents, or is a root with a parent`);
    }
    if (depths[node] > DEPTH_LIMIT)
      throw modelFileFault(`a tree is deeper than ${DEPTH_LIMIT} splits, at node ${node}`);
    depths[child] = depths[node] + 1;
    depths[child + 1] = depths[node] + 1;
  }
}

/** Sums of leaves are finite whichever leaves a row falls into. */
function checkSums({ value, roots }: Forest): void {
  let largest = 0;
  for (let node = 0; node < value.length; node++) largest = Math.max(largest, Math.abs(value[node]));
  if (!Number.isFinite(largest * (roots.length + 1)))
    throw modelFileFault('the values of the leaves overflow when summed');
}

/**
 * The forest in a model file, every index and number checked, in time linear in its nodes and without recursion.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function loadForest(saved: SavedModel, featureCount: number): Forest {
  const forest = readForest(saved, featureCount);
  checkNodes(forest);
  checkSums(forest);
  return forest;
}
