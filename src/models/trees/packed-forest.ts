/**
 * A forest laid out for prediction: a node takes 8 bytes, and asks about a small whole number.
 *
 * A cell's rank is the number of its feature's thresholds that are less than it: the cell is <= the threshold of rank r exactly when its
 * own rank is. So a row's cells are ranked once, and all trees compare ranks. Of node k, `nodes[2k]` is the left child and `nodes[2k+1]`
 * the question: the threshold's rank above SLOT_BITS, and the slot of the row's ranks that it is held against; or, where BY_SET is set,
 * whether what is missing goes left, and the feature. A leaf is its own left child and asks for slot 0, whose rank is always 0 and goes
 * left: a row that has reached it stays.
 */
export interface PackedForest {
  featureCount: number;
  outputs: number;
  leafWidth: number;
  nodes: Int32Array;
  /** nodes x leafWidth. */
  values: Float64Array;
  categories: Int32Array;
  sets: Int32Array;
  /** Of each node the first word of its set in `sets`; empty where no feature has categories. */
  setOf: Int32Array;
  asked: AskedFeature[];
  /** How many ranks a row has. */
  slots: number;
  /** Sums are rounded to float32 at each tree. */
  single: boolean;
  /** The trees' first nodes, filled up to a multiple of four with a leaf of value 0. */
  roots: Int32Array;
  /** Finds the leaves of rows; opened with the first rows. */
  walk: Walk | null;
}

/** Finds the leaves that rows fall into. */
export interface Walk {
  /** The most rows at once. */
  most: number;
  /** rowCount x trees, of rows from `first` on of a row-major matrix; overwritten by the next call. */
  leaves(x: Float64Array, first: number, rowCount: number): Int32Array;
}

/**
 * A feature that is asked for thresholds. Thresholds are ranked in pieces of PIECE_SIZE, since a rank has 14 bits: piece p has two slots,
 * `slot` + 2p, by which a missing value goes right, and the one after it, by which it goes left.
 */
export interface AskedFeature {
  feature: number;
  /** Sorted, each once. */
  thresholds: Float64Array;
  slot: number;
  pieces: number;
}

export const BY_SET = 1 << 31;
export const SLOT_BITS = 17;
export const SLOT_MASK = (1 << SLOT_BITS) - 1;
export const PIECE_SIZE = (1 << 14) - 1;
