import type { Random } from '../../util/random.js';
import { DEPTH_LIMIT } from './forest.js';
import type { ForestBuilder } from './forest-builder.js';
import {
  drawSplit,
  type Node,
  type NodeSplit,
  type RandomTreeOptions,
  type Workshop,
} from './random-split.js';
import { partitionRows, thresholdOf } from './split-rows.js';

/** Draws as many rows as there are, with replacement; returns how many different ones were drawn. */
function drawBootstrap({ y, weights, weighted, rows }: Workshop, random: Random): number {
  const rowCount = y.length;
  weights.fill(0);
  for (let i = 0; i < rowCount; i++) weights[Math.floor(random() * rowCount)]++;
  let drawn = 0;
  for (let row = 0; row < rowCount; row++) {
    weighted[row] = weights[row] * y[row];
    if (weights[row] > 0) rows[drawn++] = row;
  }
  return drawn;
}

function isPure({ y, rows }: Workshop, { from, to }: Node): boolean {
  const first = y[rows[from]];
  for (let i = from + 1; i < to; i++) if (y[rows[i]] !== first) return false;
  return true;
}

/** Splits a node; its children are leaves as yet. */
function splitNode(
  { columns, rows, scratch }: Workshop,
  node: Node,
  split: NodeSplit,
  builder: ForestBuilder,
): [Node, Node] {
  const middle = partitionRows(columns, split, rows, node.from, node.to, scratch);
  const depth = node.depth + 1;
  const { leftWeight, leftSum, feature, missingLeft } = split;
  const rightWeight = node.weight - leftWeight;
  const threshold = thresholdOf(columns, split);
  const id = builder.split(node.id, {
    feature,
    threshold,
    missingLeft,
    leftCover: leftWeight,
    rightCover: rightWeight,
  });
  return [
    { id, depth, from: node.from, to: middle, weight: leftWeight, sum: leftSum },
    { id: id + 1, depth, from: middle, to: node.to, weight: rightWeight, sum: node.sum - leftSum },
  ];
}

/**
 * Grows one tree of a random forest (Breiman 2001) on a bootstrap of the rows, depth first. A split makes the
 * variance of the target within the children least; for a target of 0 and 1 that is half their Gini impurity.
 */
export function growRandomTree(
  shop: Workshop,
  builder: ForestBuilder,
  options: RandomTreeOptions,
  random: Random,
): void {
  const { features, weights, weighted, rows, valueOffset } = shop;
  const maxDepth = Math.min(options.maxDepth ?? DEPTH_LIMIT, DEPTH_LIMIT);
  for (let f = 0; f < features.length; f++) features[f] = f;
  const root: Node = { id: 0, depth: 0, from: 0, to: drawBootstrap(shop, random), weight: 0, sum: 0 };
  for (let i = 0; i < root.to; i++) {
    root.weight += weights[rows[i]];
    root.sum += weighted[rows[i]];
  }
  root.id = builder.addTree(root.weight);

  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const mayGrow = node.depth < maxDepth && node.weight >= 2 * options.minLeaf && !isPure(shop, node);
    const split = mayGrow ? drawSplit(shop, node, options, random) : undefined;
    if (split === undefined) {
      builder.setValue(node.id, valueOffset + node.sum / node.weight);
      continue;
    }
    const [left, right] = splitNode(shop, node, split, builder);
    waiting.push(right, left);
  }
}
