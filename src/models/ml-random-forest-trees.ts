import type { TrainingData } from './learner.js';
import type { Forest } from './trees/forest.js';
import { ForestBuilder } from './trees/forest-builder.js';

/** A node of the package's trees: a row goes left when its value is below `splitValue`. */
export interface PackageNode {
  left?: PackageNode;
  right?: PackageNode;
  splitColumn?: number;
  splitValue?: number;
  /** In a leaf: the mean (regression), or one row with the share of each class. */
  distribution?: number | { columns: number; get(row: number, column: number): number };
}

export interface PackageTree {
  /** Which of our features each column of the tree is. */
  features: number[];
  root: PackageNode;
}

const bits = new BigInt64Array(1);
const float = new Float64Array(bits.buffer);

/** The largest number below `value`: x < value is x <= numberBelow(value), for every x. */
export function numberBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  float[0] = value;
  bits[0] += value > 0 ? -1n : 1n;
  return float[0];
}

/** What a leaf answers: the mean, or the class of most of its rows, the lower one when they are as many. */
function leafValue({ distribution }: PackageNode): number {
  if (typeof distribution === 'number') return distribution;
  if (distribution === undefined) throw new Error('a tree of ml-random-forest has a leaf without an answer');
  return distribution.columns > 1 && distribution.get(0, 1) > distribution.get(0, 0) ? 1 : 0;
}

/** How much less the squared error of the rows is when either side says its own mean. */
function gainOf(y: Float64Array, left: number[], right: number[]): number {
  if (left.length === 0 || right.length === 0) return 0;
  const mean = (rows: number[]) => rows.reduce((sum, row) => sum + y[row] / rows.length, 0);
  const share = (left.length * right.length) / (left.length + right.length);
  return Math.min(Number.MAX_VALUE, share * (mean(left) - mean(right)) ** 2);
}

/** The numbers of the training rows that go to either side. */
function sortRows(data: TrainingData, rows: number[], feature: number, threshold: number) {
  const goesLeft = (row: number) => data.x[row * data.names.length + feature] <= threshold;
  return { left: rows.filter(goesLeft), right: rows.filter((row) => !goesLeft(row)) };
}

function addNode(
  builder: ForestBuilder,
  node: number,
  tree: PackageTree,
  from: PackageNode,
  data: TrainingData,
  rows: number[],
) {
  if (from.left === undefined || from.right === undefined) {
    builder.setValue(node, leafValue(from));
    return;
  }
  const feature = tree.features[from.splitColumn as number];
  const threshold = numberBelow(from.splitValue as number);
  const sides = sortRows(data, rows, feature, threshold);
  const left = builder.split(node, {
    feature,
    threshold,
    missingLeft: false,
    gain: gainOf(data.y, sides.left, sides.right),
    leftCover: sides.left.length,
    rightCover: sides.right.length,
  });
  addNode(builder, left, tree, from.left, data, sides.left);
  addNode(builder, left + 1, tree, from.right, data, sides.right);
}

/**
 * The package's trees as a forest of ours that answers the same. Covers count the training rows themselves: which of
 * them the package drew for a tree it does not say.
 */
export function convertTrees(trees: readonly PackageTree[], data: TrainingData): Forest {
  const { names, categories } = data;
  const shape = { featureCount: names.length, categories, outputs: 1, leafWidth: 1 };
  const builder = new ForestBuilder(shape);
  const rows = Array.from({ length: data.rowCount }, (_, row) => row);
  for (const tree of trees) addNode(builder, builder.addTree(data.rowCount), tree, tree.root, data, rows);
  return builder.finish();
}
