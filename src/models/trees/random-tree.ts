import type { Random } from '../../util/random.js';
import { DEPTH_LIMIT } from './forest.js';
import type { ForestBuilder } from './forest-builder.js';
import { drawRows, type Urn } from './random-bootstrap.js';
import { searchCategory } from './random-categories.js';
import { searchClasses } from './random-classes.js';
import type { NodeWork } from './random-kernel.js';
import { BIN, FEATURE, LEFT_WEIGHT, MISSING_LEFT, SCORE, type Workshop } from './random-split.js';
import { gainOf, leafValue, type RandomTargets } from './random-targets.js';
import { type BinSplit, fillSides, setOf, thresholdOf } from './split-rows.js';

export interface RandomTreeOptions {
  /** The fewest draws in a leaf. */
  minLeaf: number;
  /** How many features are drawn for each split. */
  featuresPerSplit: number;
  /** The most splits from the root to a leaf; null for no limit. */
  maxDepth: number | null;
  /** The most leaves: the split that gains most is made first. Null for no limit. */
  leaves: number | null;
}

/** All that one thread grows trees with. */
export interface RandomGrower {
  shop: Workshop;
  work: NodeWork;
  targets: RandomTargets;
  urn: Urn;
  builder: ForestBuilder;
  options: RandomTreeOptions;
  /** All features; the first ones are those drawn for the present node. */
  features: Int32Array;
  /** Those of them that are numbers, for the kernel. */
  numbers: Int32Array;
}

/** A node whose split is found and not yet made: until then it is a leaf of this value. */
interface PlannedNode {
  id: number;
  depth: number;
  from: number;
  to: number;
  split: BinSplit;
  weight: number;
  leftWeight: number;
  gain: number;
  value: number | Float64Array;
}

/** Searches the features drawn from `first` on; returns whether the node's rows differ in any of them. */
function searchFeatures(grower: RandomGrower, first: number, end: number, from: number, to: number): boolean {
  const { shop, work, features, numbers } = grower;
  const { categories } = shop.columns;
  let count = 0;
  let varied = false;
  for (let k = first; k < end; k++) if (categories[features[k]] === 0) numbers[count++] = features[k];
  if (shop.width === 1 && count > 0) varied = work.search(numbers, count);
  else for (let k = 0; k < count; k++) varied = searchClasses(shop, numbers[k], from, to) || varied;
  if (count === end - first) return varied;
  for (let k = first; k < end; k++) {
    if (categories[features[k]] > 0) varied = searchCategory(shop, features[k], from, to) || varied;
  }
  return varied;
}

/** The best split among randomly drawn features; more are drawn only while all so far are constant in the node. */
function findSplit(grower: RandomGrower, from: number, to: number, random: Random): BinSplit | undefined {
  const { shop, features, options } = grower;
  const { reals, ints, leftBins } = shop.best;
  reals[SCORE] = -1;
  ints[FEATURE] = -1;
  let drawn = 0;
  for (let wanted = Math.min(options.featuresPerSplit, features.length); ; wanted = drawn + 1) {
    const first = drawn;
    for (; drawn < wanted; drawn++) {
      const j = drawn + Math.floor(random() * (features.length - drawn));
      const feature = features[j];
      features[j] = features[drawn];
      features[drawn] = feature;
    }
    if (searchFeatures(grower, first, drawn, from, to) || drawn === features.length) break;
  }
  const feature = ints[FEATURE];
  if (feature < 0) return undefined;
  const split: BinSplit = { feature, bin: ints[BIN], missingLeft: ints[MISSING_LEFT] === 1 };
  if (shop.columns.categories[feature] > 0) split.leftBins = leftBins.slice();
  return split;
}

/** Measures a new node: it becomes a leaf, or it is returned with the split that it could have. */
function planNode(
  grower: RandomGrower,
  id: number,
  depth: number,
  from: number,
  to: number,
  random: Random,
): PlannedNode | undefined {
  const { shop, work, targets, builder, options } = grower;
  const { node, best } = shop;
  const differ = work.measure(from, to);
  const maxDepth = Math.min(options.maxDepth ?? DEPTH_LIMIT, DEPTH_LIMIT);
  const mayGrow = differ && depth < maxDepth && node.weight >= 2 * options.minLeaf;
  const split = mayGrow ? findSplit(grower, from, to, random) : undefined;
  const value = leafValue(targets, node);
  if (split === undefined) {
    builder.setValue(id, value);
    return undefined;
  }
  const gain = gainOf(targets, node, best.reals[SCORE]);
  const leftWeight = best.reals[LEFT_WEIGHT];
  return { id, depth, from, to, split, weight: node.weight, leftWeight, gain, value };
}

/** Makes a planned split; returns where the rows of the right child begin, and the left child. */
function splitNode({ shop, work, builder }: RandomGrower, planned: PlannedNode) {
  const { columns, sides } = shop;
  const { split, from, to, weight, leftWeight } = planned;
  fillSides(columns, split, sides);
  const middle = work.partition(split.feature, from, to);
  const left = builder.split(planned.id, {
    feature: split.feature,
    threshold: thresholdOf(columns, split),
    set: setOf(columns, split),
    missingLeft: split.missingLeft,
    gain: planned.gain,
    leftCover: leftWeight,
    rightCover: weight - leftWeight,
  });
  return { middle, left };
}

/** The place of the split that gains most, the earliest of equal ones. */
function mostGain(waiting: readonly PlannedNode[]): number {
  let most = 0;
  for (let i = 1; i < waiting.length; i++) if (waiting[i].gain > waiting[most].gain) most = i;
  return most;
}

/**
 * Grows one tree of a random forest (Breiman 2001) on a draw of the rows: depth first, or with a limit of leaves by gain. A split
 * makes the variance of the target within the children least, of classes their Gini impurity.
 */
export function growRandomTree(grower: RandomGrower, random: Random): void {
  const { shop, urn, builder, options, features } = grower;
  for (let f = 0; f < features.length; f++) features[f] = f;
  const count = drawRows(urn, random, shop.counts, shop.rows);
  const root = planNode(grower, builder.addTree(urn.draws), 0, 0, count, random);
  const waiting = root === undefined ? [] : [root];
  for (
    let leaves = 1;
    waiting.length > 0 && leaves < (options.leaves ?? Number.POSITIVE_INFINITY);
    leaves++
  ) {
    const [next] = options.leaves === null ? [waiting.pop()!] : waiting.splice(mostGain(waiting), 1);
    const { middle, left } = splitNode(grower, next);
    const depth = next.depth + 1;
    const leftNode = planNode(grower, left, depth, next.from, middle, random);
    const rightNode = planNode(grower, left + 1, depth, middle, next.to, random);
    if (rightNode) waiting.push(rightNode);
    if (leftNode) waiting.push(leftNode);
  }
  for (const { id, value } of waiting) builder.setValue(id, value);
}
