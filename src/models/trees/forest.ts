/**
 * Trees as flat arrays. A node's two children lie side by side: left, then right = left + 1.
 *
 * A node asks one question of a row. Of a number: whether it is <= the threshold. Of a category: whether it is in the node's set.
 * Yes goes left. A value that is missing (NaN), or a category that training never saw (-1), goes where the node sends missing values.
 */
export interface Forest {
  featureCount: number;
  /** Of each feature the number of its categories; 0 for a number. */
  categories: Int32Array;
  /** How many values an answer has: 1, or one a class. */
  outputs: number;
  /** How many values a leaf has: 1, where tree t adds to output t % outputs; or `outputs`, one for each. */
  leafWidth: number;
  /** The feature that a node asks for; -1 in a leaf. */
  feature: Int16Array;
  /** 0 in a leaf and where the feature is a category. */
  threshold: Float64Array;
  /** The first word of a node's set in `sets`; -1 where the node has none. A set has ceil(categories / 32) words. */
  set: Int32Array;
  /** Words of sets: category c is in a set when bit c % 32 of its word c >> 5 is 1. */
  sets: Int32Array;
  /** The left child, which comes after its parent; 0 in a leaf. */
  left: Int32Array;
  /** nodes x leafWidth: what a leaf adds to the sums; 0 in a node with children. */
  value: Float64Array;
  /** The weight of the training rows that came through a node. */
  cover: Float64Array;
  /** What the split of a node gained in the training loss; 0 in a leaf. */
  gain: Float64Array;
  missingLeft: Uint8Array;
  /** The first node of each tree. */
  roots: Int32Array;
}

/** What all trees of a forest share. */
export type ForestShape = Pick<Forest, 'featureCount' | 'categories' | 'outputs' | 'leafWidth'>;

/** The most splits from a root to a leaf, in a forest that is grown and in one that is loaded. */
export const DEPTH_LIMIT = 512;

/** The words of a set of this many categories. */
export const setWords = (categories: number): number => (categories + 31) >> 5;

/** A forest without nodes, with room for `capacity` of them, `setCapacity` words of sets and `treeCount` trees. */
export function allocateForest(
  shape: ForestShape,
  capacity: number,
  setCapacity: number,
  treeCount: number,
): Forest {
  const { featureCount, categories, outputs, leafWidth } = shape;
  return {
    ...{ featureCount, categories, outputs, leafWidth },
    feature: new Int16Array(capacity).fill(-1),
    threshold: new Float64Array(capacity),
    set: new Int32Array(capacity).fill(-1),
    sets: new Int32Array(setCapacity),
    left: new Int32Array(capacity),
    value: new Float64Array(capacity * leafWidth),
    cover: new Float64Array(capacity),
    gain: new Float64Array(capacity),
    missingLeft: new Uint8Array(capacity),
    roots: new Int32Array(treeCount),
  };
}

/** Whether a row goes left at a node, by its cell of the node's feature. */
export function goesLeft(forest: Forest, node: number, cell: number): boolean {
  const { feature, threshold, missingLeft, categories, set, sets } = forest;
  const count = categories[feature[node]];
  if (Number.isNaN(cell)) return missingLeft[node] === 1;
  if (count === 0) return cell <= threshold[node];
  if (cell < 0 || cell >= count) return missingLeft[node] === 1;
  return ((sets[set[node] + (cell >> 5)] >>> (cell & 31)) & 1) === 1;
}
