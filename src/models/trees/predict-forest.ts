import type { Forest } from './forest.js';

/**
 * A forest laid out for prediction: all that a step reads of a node lies in 16 bytes, so in one line of the cache.
 *
 * Of node k, `reals[2k]` is the threshold, or `ints[4k]`, in the same place, the first word of its set; `ints[4k+2]` is its left
 * child; `ints[4k+3]` its feature, with MISSING_LEFT added where missing values go left and BY_SET where it asks for a set.
 * A leaf is its own left child and sends every value left: a row that has reached it stays.
 */
export interface PackedForest {
  featureCount: number;
  outputs: number;
  leafWidth: number;
  reals: Float64Array;
  ints: Int32Array;
  /** nodes x leafWidth. */
  values: Float64Array;
  categories: Int32Array;
  sets: Int32Array;
  /** Sums are rounded to float32 at each tree. */
  single: boolean;
  /** The trees' first nodes, filled up to a multiple of four with a leaf of value 0. */
  roots: Int32Array;
}

const MISSING_LEFT = 0x10000;
const BY_SET = 0x20000;
const FEATURE_BITS = 0x7fff;

/**
 * Lays a forest out. `single` is for trees of a program that sums in float32: its answers are met to the last bit only when
 * the sums are rounded as it rounds them.
 */
export function packForest(forest: Forest, { single = false } = {}): PackedForest {
  const { featureCount, outputs, leafWidth, categories, sets, feature, missingLeft, roots } = forest;
  const nodeCount = feature.length;
  const nodes = new ArrayBuffer((nodeCount + 1) * 16);
  const reals = new Float64Array(nodes);
  const ints = new Int32Array(nodes);
  for (let k = 0; k <= nodeCount; k++) {
    const asked = k < nodeCount ? feature[k] : -1;
    const bySet = asked >= 0 && categories[asked] > 0;
    if (bySet) ints[4 * k] = forest.set[k];
    else reals[2 * k] = asked >= 0 ? forest.threshold[k] : Number.POSITIVE_INFINITY;
    ints[4 * k + 2] = asked >= 0 ? forest.left[k] : k;
    ints[4 * k + 3] =
      asked >= 0 ? asked + missingLeft[k] * MISSING_LEFT + (bySet ? BY_SET : 0) : MISSING_LEFT;
  }
  const values = new Float64Array((nodeCount + 1) * leafWidth);
  values.set(forest.value);
  const padded = new Int32Array(Math.ceil(roots.length / 4) * 4).fill(nodeCount);
  padded.set(roots);
  return { featureCount, outputs, leafWidth, reals, ints, values, categories, sets, single, roots: padded };
}

/** The child for a category: in the set or not; one that the model does not know goes where missing values go. */
function childBySet(
  { ints, sets, categories }: PackedForest,
  node: number,
  question: number,
  cell: number,
): number {
  const known = cell >= 0 && cell < categories[question & FEATURE_BITS];
  const goesLeft = known ? (sets[ints[4 * node] + (cell >> 5)] >>> (cell & 31)) & 1 : (question >> 16) & 1;
  return ints[4 * node + 2] + 1 - goesLeft;
}

/**
 * The node after this one for the row at `offset`. Which way a row goes is hard to foresee, so the sum has no branch that the
 * processor could guess wrongly: that halves the time. The one that is there goes the same way nearly always.
 */
function nextNode(forest: PackedForest, node: number, x: Float64Array, offset: number): number {
  const { reals, ints } = forest;
  const question = ints[4 * node + 3];
  // A forest without features has no cell to read: the plus makes it missing.
  const cell = +x[offset + (question & FEATURE_BITS)];
  if (question >= BY_SET) return childBySet(forest, node, question, cell);
  // biome-ignore lint/suspicious/noSelfCompare: Number.isNaN would branch
  const isMissing = cell !== cell;
  const goesLeft = Number(cell <= reals[2 * node]) | (Number(isMissing) & (question >> 16));
  return ints[4 * node + 2] + (goesLeft ^ 1);
}

/** Rows taken through four trees before the next four: trees and rows stay in the processor's cache. */
const BLOCK_ROWS = 256;

/** Adds the values of the four leaves that a row falls into, tree by tree. */
function addLeaves(
  { outputs, leafWidth, values, single }: PackedForest,
  leaves: readonly [number, number, number, number],
  tree: number,
  sums: Float64Array,
  at: number,
): void {
  for (let i = 0; i < 4; i++) {
    const from = leaves[i] * leafWidth;
    const to = at + ((tree + i) % outputs);
    if (leafWidth === 1) sums[to] = single ? Math.fround(sums[to] + values[from]) : sums[to] + values[from];
    else for (let output = 0; output < leafWidth; output++) sums[at + output] += values[from + output];
  }
}

/**
 * For each row of a row-major matrix, `base` (one value for all outputs, or one each) plus the values of the leaves it falls
 * into, added in the order of the trees: rowCount x outputs. The sums of a row are the same, bit for bit, alone and among others.
 * Four trees are walked at once, so that the processor waits for their nodes together.
 */
export function predictForest(
  forest: PackedForest,
  x: Float64Array,
  rowCount: number,
  base: number | Float64Array = 0,
): Float64Array {
  const { featureCount, outputs, leafWidth, values, roots, single } = forest;
  const sums = new Float64Array(rowCount * outputs);
  if (typeof base === 'number') sums.fill(base);
  else for (let at = 0; at < sums.length; at += outputs) sums.set(base, at);
  const isPlain = outputs === 1 && leafWidth === 1 && !single;
  for (let from = 0; from < rowCount; from += BLOCK_ROWS) {
    const to = Math.min(from + BLOCK_ROWS, rowCount);
    for (let tree = 0; tree < roots.length; tree += 4) {
      for (let row = from; row < to; row++) {
        const offset = row * featureCount;
        let a = roots[tree];
        let b = roots[tree + 1];
        let c = roots[tree + 2];
        let d = roots[tree + 3];
        for (;;) {
          const nextA = nextNode(forest, a, x, offset);
          const nextB = nextNode(forest, b, x, offset);
          const nextC = nextNode(forest, c, x, offset);
          const nextD = nextNode(forest, d, x, offset);
          if (((nextA ^ a) | (nextB ^ b) | (nextC ^ c) | (nextD ^ d)) === 0) break;
          a = nextA;
          b = nextB;
          c = nextC;
          d = nextD;
        }
        if (isPlain) sums[row] = sums[row] + values[a] + values[b] + values[c] + values[d];
        else addLeaves(forest, [a, b, c, d], tree, sums, row * outputs);
      }
    }
  }
  return sums;
}
