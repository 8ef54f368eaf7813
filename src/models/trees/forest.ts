/**
 * Trees as flat arrays. A node's two children lie side by side: left, then right = left + 1. A row goes left when its
 * feature is <= the threshold, or when it is missing (NaN) and the node sends missing values left.
 */
export interface Forest {
  featureCount: number;
  /** The feature that a node asks for; -1 in a leaf. */
  feature: Int16Array;
  threshold: Float64Array;
  /** The left child, which comes after its parent; 0 in a leaf. */
  left: Int32Array;
  /** What a leaf adds to the sum; 0 in a node with children. */
  value: Float64Array;
  /** The weight of the training rows that came through a node. */
  cover: Float64Array;
  missingLeft: Uint8Array;
  /** The first node of each tree. */
  roots: Int32Array;
}

/** The most splits from a root to a leaf, in a forest that is grown and in one that is loaded. */
export const DEPTH_LIMIT = 512;

/** A forest without nodes, with room for `capacity` of them and for `treeCount` trees. */
export function allocateForest(featureCount: number, capacity: number, treeCount: number): Forest {
  return {
    featureCount,
    feature: new Int16Array(capacity).fill(-1),
    threshold: new Float64Array(capacity),
    left: new Int32Array(capacity),
    value: new Float64Array(capacity),
    cover: new Float64Array(capacity),
    missingLeft: new Uint8Array(capacity),
    roots: new Int32Array(treeCount),
  };
}
