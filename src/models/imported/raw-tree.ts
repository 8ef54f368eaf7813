import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { DEPTH_LIMIT, type Forest, type ForestShape, setWords } from '../trees/forest.js';
import { ForestBuilder } from '../trees/forest-builder.js';
import type { CategoryNumbers } from './cell-rules.js';

/** Some categories, which go left, or to the right while all others go left. */
export interface RawSet {
  numbers: CategoryNumbers;
  side: 'left' | 'right';
}

/** More words of sets than these are not a model but an attack on the memory. */
const MOST_SET_WORDS = 1 << 27;

/** A tree as another program wrote it: nodes in any order, the root is node 0. */
export interface RawTree {
  /** -1 in a leaf. */
  feature: number[];
  /** What goes left: numbers <= this. */
  threshold: number[];
  /** Of a category: which go left. */
  set: (RawSet | null)[];
  missingLeft: boolean[];
  left: number[];
  right: number[];
  value: number[];
  cover: number[];
  gain: number[];
}

/** IMPORT_INVALID: why the file cannot be taken in, and what stands in it made safe to show. */
export function importFault(why: string, fix?: string): RiskopsError {
  return new RiskopsError('IMPORT_INVALID', {
    what: 'The model file of the other program cannot be imported.',
    why: printable(why, 400),
    ...(fix === undefined ? {} : { fix }),
  });
}

function checkNumbers(
  { feature, threshold, set, value, cover, gain }: RawTree,
  tree: number,
  featureCount: number,
): void {
  for (let node = 0; node < feature.length; node++) {
    const asked = feature[node];
    const isLeaf = asked === -1;
    const numbers = isLeaf ? [value[node]] : [set[node] === null ? threshold[node] : 0, gain[node]];
    if (![...numbers, cover[node]].every(Number.isFinite) || cover[node] < 0)
      throw importFault(`Tree ${tree} has a number at node ${node} that nobody can compute with.`);
    if (!isLeaf && !(Number.isInteger(asked) && asked >= 0 && asked < featureCount))
      throw importFault(`Tree ${tree} asks for feature ${asked} of ${featureCount} at node ${node}.`);
  }
}

/** The words of what goes left, of `count` categories. */
function wordsOf({ numbers, side }: RawSet, count: number): Int32Array {
  const words = new Int32Array(setWords(count)).fill(side === 'left' ? 0 : -1);
  for (const number of numbers) words[number >> 5] ^= 1 << (number & 31);
  return words;
}

/** Copies a tree node by node, so that children lie side by side and after their parents. */
function addTree(builder: ForestBuilder, raw: RawTree, tree: number, categories: Int32Array): void {
  const taken = new Uint8Array(raw.feature.length);
  const waiting = [{ from: 0, to: builder.addTree(raw.cover[0]), depth: 0 }];
  taken[0] = 1;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { from, to, depth } = next;
    const feature = raw.feature[from];
    if (feature === -1) {
      builder.setValue(to, raw.value[from]);
      continue;
    }
    if (depth >= DEPTH_LIMIT) throw importFault(`Tree ${tree} is deeper than ${DEPTH_LIMIT} splits.`);
    const children = [raw.left[from], raw.right[from]];
    for (const child of children) {
      if (!(child >= 0 && child < raw.feature.length) || taken[child] === 1)
        throw importFault(`Tree ${tree} has a branch at node ${from} that leads nowhere or back.`);
      taken[child] = 1;
    }
    const set = raw.set[from];
    const [left, right] = children;
    const target = builder.split(to, {
      feature,
      threshold: set === null ? raw.threshold[from] : 0,
      ...(set === null ? {} : { set: wordsOf(set, categories[feature]) }),
      missingLeft: raw.missingLeft[from],
      gain: raw.gain[from],
      leftCover: raw.cover[left],
      rightCover: raw.cover[right],
    });
    waiting.push(
      { from: right, to: target + 1, depth: depth + 1 },
      { from: left, to: target, depth: depth + 1 },
    );
  }
}

function checkSize(trees: readonly RawTree[], categories: Int32Array): void {
  let words = 0;
  for (const { feature, set } of trees) {
    for (const [node, one] of set.entries())
      if (one !== null) words += setWords(categories[feature[node]] ?? 0);
  }
  if (words > MOST_SET_WORDS) throw importFault('Its trees ask for too many categories too often.');
}

/**
 * One forest of trees that another program grew; tree t adds to output t % outputs. Every index and number is checked.
 * @throws IMPORT_INVALID naming the first tree that is not one
 */
export function forestOf(trees: readonly RawTree[], shape: Omit<ForestShape, 'leafWidth'>): Forest {
  if (trees.length === 0) throw importFault('It has no tree.');
  if (trees.length % shape.outputs !== 0)
    throw importFault(
      `Its ${trees.length} trees are not the same number for each of ${shape.outputs} classes.`,
    );
  checkSize(trees, shape.categories);
  const builder = new ForestBuilder({ ...shape, leafWidth: 1 });
  for (const [tree, raw] of trees.entries()) {
    checkNumbers(raw, tree, shape.featureCount);
    for (const [node, feature] of raw.feature.entries()) {
      if (feature >= 0 && (raw.set[node] !== null) !== shape.categories[feature] > 0)
        throw importFault(`Feature ${feature} is a number in one tree and a category in another.`);
    }
    addTree(builder, raw, tree, shape.categories);
  }
  return builder.finish();
}
