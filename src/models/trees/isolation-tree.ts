import type { Random } from '../../util/random.js';
import type { ForestBuilder } from './forest-builder.js';
import { rowAt, type Urn } from './random-bootstrap.js';

/**
 * The mean depth of a leaf in a binary search tree of `size` values: how deep an ordinary row would lie if a leaf of so many rows
 * were split on (Liu, Ting and Zhou 2008, equation 1).
 */
export function meanDepth(size: number): number {
  if (size <= 1) return 0;
  if (size === 2) return 1;
  const euler = 0.5772156649015329;
  return 2 * (Math.log(size - 1) + euler) - (2 * (size - 1)) / size;
}

/** What isolation trees are grown with; kept from tree to tree. */
export interface IsolationGrower {
  x: Float64Array;
  featureCount: number;
  urn: Urn;
  /** All rows in an order that each tree shuffles on, for draws without replacement. */
  order: Int32Array;
  /** The rows of the tree, those of a node side by side. */
  rows: Int32Array;
  scratch: Int32Array;
  /** All features: a tree sees the first `treeFeatures` of them. */
  features: Int32Array;
  treeFeatures: number;
  builder: ForestBuilder;
}

export function openIsolation(
  x: Float64Array,
  featureCount: number,
  urn: Urn,
  builder: ForestBuilder,
  sizes: { sample: number; treeFeatures: number },
): IsolationGrower {
  return {
    ...{ x, featureCount, urn, builder },
    order: Int32Array.from({ length: urn.rowCount }, (_, row) => row),
    rows: new Int32Array(sizes.sample),
    scratch: new Int32Array(sizes.sample),
    features: Int32Array.from({ length: featureCount }, (_, feature) => feature),
    treeFeatures: sizes.treeFeatures,
  };
}

/** Brings a random one of the elements from `at` to `end` to place `at`. */
function drawTo(values: Int32Array, at: number, end: number, random: Random): void {
  const from = at + Math.floor(random() * (end - at));
  const held = values[at];
  values[at] = values[from];
  values[from] = held;
}

/** Draws a tree's rows: without replacement; or with it, by their weights. */
function drawSample({ urn: { upTo, rowCount }, order, rows }: IsolationGrower, random: Random): void {
  for (let i = 0; i < rows.length; i++) {
    if (upTo === null) {
      drawTo(order, i, rowCount, random);
      rows[i] = order[i];
    } else rows[i] = rowAt(upTo, random() * upTo[rowCount - 1]);
  }
}

/** A threshold drawn evenly between two different values, so that either side keeps one of them. */
function drawThreshold(low: number, high: number, random: Random): number {
  const share = random();
  const threshold = Math.max(low, low * (1 - share) + high * share);
  return threshold < high ? threshold : low;
}

/** A random feature whose present values differ in rows[from..to), and a threshold; undefined when there is none. */
function drawQuestion(
  { x, featureCount, rows, features, treeFeatures }: IsolationGrower,
  from: number,
  to: number,
  random: Random,
): { feature: number; threshold: number } | undefined {
  for (let tried = 0; tried < treeFeatures; tried++) {
    drawTo(features, tried, treeFeatures, random);
    const feature = features[tried];
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const value = x[rows[i] * featureCount + feature];
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low < high) return { feature, threshold: drawThreshold(low, high, random) };
  }
  return undefined;
}

/** Sorts rows[from..to) by the side they go to; returns where the right side begins. */
function partition(
  { x, featureCount, rows, scratch }: IsolationGrower,
  { feature, threshold }: { feature: number; threshold: number },
  missingLeft: boolean,
  from: number,
  to: number,
): number {
  let middle = from;
  let right = 0;
  for (let i = from; i < to; i++) {
    const row = rows[i];
    const value = x[row * featureCount + feature];
    if (value <= threshold || (missingLeft && Number.isNaN(value))) rows[middle++] = row;
    else scratch[right++] = row;
  }
  for (let i = 0; i < right; i++) rows[middle + i] = scratch[i];
  return middle;
}

/**
 * Grows one isolation tree (Liu, Ting and Zhou 2008, algorithm 2): random features, random thresholds, down to the depth at which
 * an ordinary row of the sample would be alone. A leaf's value is its depth, and the mean depth below it had it been split on.
 * Missing values go to a side that is drawn for each node.
 */
export function growIsolationTree(grower: IsolationGrower, random: Random): void {
  const { rows, features, treeFeatures, featureCount, builder } = grower;
  const maxDepth = Math.ceil(Math.log2(rows.length));
  drawSample(grower, random);
  for (let k = 0; k < treeFeatures && treeFeatures < featureCount; k++)
    drawTo(features, k, featureCount, random);
  const waiting = [{ id: builder.addTree(rows.length), depth: 0, from: 0, to: rows.length }];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { id, depth, from, to } = node;
    const question = depth < maxDepth && to - from > 1 ? drawQuestion(grower, from, to, random) : undefined;
    if (question === undefined) {
      builder.setValue(id, depth + meanDepth(to - from));
      continue;
    }
    const missingLeft = random() < 0.5;
    const middle = partition(grower, question, missingLeft, from, to);
    const covers = { leftCover: middle - from, rightCover: to - middle };
    const left = builder.split(id, { ...question, missingLeft, gain: 0, ...covers });
    waiting.push({ id: left + 1, depth: depth + 1, from: middle, to });
    waiting.push({ id: left, depth: depth + 1, from, to: middle });
  }
}
