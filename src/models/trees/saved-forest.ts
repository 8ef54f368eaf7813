import type { SavedModel, Tensor, TensorData, TensorType } from '../learner.js';
import { checkTensorNames, finiteTensorOf, modelFileFault, TENSOR_ARRAYS, tensorOf } from '../saved-model.js';
import { DEPTH_LIMIT, type Forest, type ForestShape, setWords } from './forest.js';

const TYPES = {
  feature: 'I16',
  threshold: 'F64',
  left: 'I32',
  value: 'F64',
  cover: 'F64',
  gain: 'F64',
  missing_left: 'U8',
  set: 'I32',
  sets: 'I32',
  roots: 'I32',
} as const satisfies Record<string, TensorType>;

type TensorName = keyof typeof TYPES;

const has = (saved: SavedModel, name: TensorName): boolean => Object.hasOwn(saved.tensors, name);

/**
 * The forest as tensors: `roots` with one element a tree, the others with one a node, but for `value` when a leaf has several
 * (nodes x values) and `sets`. A forest without sets has neither `set` nor `sets`.
 */
export function saveForest(forest: Forest): Record<string, Tensor> {
  const { feature, threshold, left, value, cover, gain, missingLeft, roots, set, sets, leafWidth } = forest;
  const arrays: Partial<Record<TensorName, TensorData>> = {
    ...{ feature, threshold, left, value, cover, gain, missing_left: missingLeft },
    ...(sets.length > 0 ? { set, sets } : {}),
    roots,
  };
  const tensors: Record<string, Tensor> = {};
  for (const [name, data] of Object.entries(arrays) as [TensorName, TensorData][]) {
    const shape = name === 'value' && leafWidth > 1 ? [feature.length, leafWidth] : [data.length];
    tensors[name] = { type: TYPES[name], shape, data };
  }
  return tensors;
}

/** The number of elements that a tensor really has, whatever its shape says. */
function lengthOf(saved: SavedModel, name: TensorName): number {
  const data = has(saved, name) ? saved.tensors[name].data : undefined;
  if (data === undefined) throw modelFileFault(`tensor "${name}" is missing`);
  if (!(data instanceof TENSOR_ARRAYS[TYPES[name]]))
    throw modelFileFault(`tensor "${name}" is not ${TYPES[name]}`);
  return data.length;
}

/** Older files have no `gain`; those of a forest without sets have neither `set` nor `sets`. */
const OPTIONAL: readonly TensorName[] = ['gain', 'set', 'sets'];

function checkLengths(saved: SavedModel, leafWidth: number): void {
  const nodeCount = lengthOf(saved, 'feature');
  for (const name of Object.keys(TYPES) as TensorName[]) {
    if (name === 'roots' || name === 'sets' || (OPTIONAL.includes(name) && !has(saved, name))) continue;
    const length = lengthOf(saved, name);
    if (length !== nodeCount * (name === 'value' ? leafWidth : 1)) {
      const each = name === 'value' && leafWidth > 1 ? ` x ${leafWidth}` : '';
      throw modelFileFault(
        `tensor "${name}" has ${length} elements for the ${nodeCount}${each} of tensor "feature"`,
      );
    }
  }
}

function readForest(saved: SavedModel, shape: ForestShape): Forest {
  const { featureCount, categories, outputs, leafWidth } = shape;
  checkTensorNames(saved, Object.keys(TYPES));
  checkLengths(saved, leafWidth);
  const nodes = [lengthOf(saved, 'feature')];
  return {
    ...{ featureCount, categories, outputs, leafWidth },
    feature: tensorOf(saved, 'feature', 'I16', nodes),
    threshold: finiteTensorOf(saved, 'threshold', 'F64', nodes),
    set: has(saved, 'set') ? tensorOf(saved, 'set', 'I32', nodes) : new Int32Array(nodes[0]).fill(-1),
    sets: has(saved, 'sets') ? tensorOf(saved, 'sets', 'I32', [lengthOf(saved, 'sets')]) : new Int32Array(0),
    left: tensorOf(saved, 'left', 'I32', nodes),
    value: finiteTensorOf(saved, 'value', 'F64', leafWidth > 1 ? [nodes[0], leafWidth] : nodes),
    cover: finiteTensorOf(saved, 'cover', 'F64', nodes),
    gain: has(saved, 'gain') ? finiteTensorOf(saved, 'gain', 'F64', nodes) : new Float64Array(nodes[0]),
    missingLeft: tensorOf(saved, 'missing_left', 'U8', nodes),
    roots: tensorOf(saved, 'roots', 'I32', [lengthOf(saved, 'roots')]),
  };
}

/** The depth of each node, 0 where it is not known yet: the roots' is 1. */
function markRoots({ feature, roots, outputs, leafWidth }: Forest): Int16Array {
  const depths = new Int16Array(feature.length);
  if (roots.length === 0) throw modelFileFault('the forest has no tree');
  if (leafWidth === 1 && roots.length % outputs !== 0)
    throw modelFileFault(`its ${roots.length} trees are not the same number for each of ${outputs} classes`);
  for (let tree = 0; tree < roots.length; tree++) {
    const root = roots[tree];
    if (!(root >= 0 && root < feature.length))
      throw modelFileFault(`tree ${tree} begins at node ${root}, which does not exist`);
    if (depths[root] !== 0) throw modelFileFault(`two trees begin at node ${root}`);
    depths[root] = 1;
  }
  return depths;
}

/** What a node asks for: a feature that is there, and of a category a set that lies within `sets`. */
function checkQuestion({ featureCount, feature, categories, set, sets }: Forest, node: number): void {
  const asked = feature[node];
  if (asked < -1 || asked >= featureCount)
    throw modelFileFault(`node ${node} asks for feature ${asked} of ${featureCount}`);
  if (categories[asked] === 0) return;
  if (!(set[node] >= 0 && set[node] + setWords(categories[asked]) <= sets.length))
    throw modelFileFault(`node ${node} has its set at word ${set[node]}, of ${sets.length} words`);
}

/**
 * Children come after their parents, so one pass in order meets every node after its parent: each node must be a
 * root or the child of exactly one node, which leaves no cycle, no shared branch and no node outside a tree.
 */
function checkNodes(forest: Forest): void {
  const { feature, left, cover, missingLeft } = forest;
  const depths = markRoots(forest);
  for (let node = 0; node < feature.length; node++) {
    if (depths[node] === 0) throw modelFileFault(`node ${node} belongs to no tree`);
    if (cover[node] < 0) throw modelFileFault(`node ${node} has a negative cover`);
    if (missingLeft[node] > 1)
      throw modelFileFault(`node ${node} sends missing values to side ${missingLeft[node]}`);
    if (feature[node] === -1) continue;
    checkQuestion(forest, node);
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
  for (let i = 0; i < value.length; i++) largest = Math.max(largest, Math.abs(value[i]));
  if (!Number.isFinite(largest * (roots.length + 1)))
    throw modelFileFault('the values of the leaves overflow when summed');
}

/**
 * The forest in a model file, every index and number checked, in time linear in its nodes and without recursion.
 * `shape` is what the learner expects: the tensors must fit it.
 * @throws MODEL_FILE_INVALID naming the first fault
 */
export function loadForest(saved: SavedModel, shape: ForestShape): Forest {
  const forest = readForest(saved, shape);
  checkNodes(forest);
  checkSums(forest);
  return forest;
}
