import { allocateForest, type Forest, type ForestShape, setWords } from './forest.js';

/** What a node asks, what asking it gained, and the weight of the rows on either side. */
export interface NewSplit {
  feature: number;
  /** Of a number; 0 for a category. */
  threshold: number;
  /** Of a category: the words of the set that goes left. */
  set?: Int32Array;
  missingLeft: boolean;
  gain: number;
  leftCover: number;
  rightCover: number;
}

/** A forest that grows node by node. */
export class ForestBuilder {
  private forest: Forest;
  private readonly roots: number[] = [];
  private nodeCount = 0;
  private setCount = 0;

  constructor(shape: ForestShape) {
    this.forest = allocateForest(shape, 1024, 64, 0);
  }

  private makeRoom(nodes: number, words: number): void {
    const old = this.forest;
    const [capacity, setCapacity] = [old.feature.length, old.sets.length];
    if (this.nodeCount + nodes <= capacity && this.setCount + words <= setCapacity) return;
    const grown = allocateForest(
      old,
      this.nodeCount + nodes > capacity ? capacity * 2 : capacity,
      this.setCount + words > setCapacity ? setCapacity * 2 + words : setCapacity,
      0,
    );
    copyNodes(old, 0, this.nodeCount, grown, 0);
    grown.sets.set(old.sets.subarray(0, this.setCount));
    this.forest = grown;
  }

  /** Begins a tree; returns its root, a leaf as yet. */
  addTree(cover: number): number {
    this.makeRoom(1, 0);
    const root = this.nodeCount++;
    this.roots.push(root);
    this.forest.cover[root] = cover;
    return root;
  }

  /** Gives a leaf two children, leaves as yet; returns the left one, and the right one is the next. */
  split(node: number, by: NewSplit): number {
    this.makeRoom(2, by.set?.length ?? 0);
    const { forest } = this;
    const left = this.nodeCount;
    this.nodeCount += 2;
    forest.feature[node] = by.feature;
    forest.threshold[node] = by.threshold;
    forest.missingLeft[node] = by.missingLeft ? 1 : 0;
    forest.gain[node] = by.gain;
    forest.left[node] = left;
    forest.cover[left] = by.leftCover;
    forest.cover[left + 1] = by.rightCover;
    if (by.set !== undefined) {
      forest.set[node] = this.setCount;
      forest.sets.set(by.set, this.setCount);
      this.setCount += by.set.length;
    }
    return left;
  }

  /** What a leaf adds: one number, or `leafWidth` of them. */
  setValue(leaf: number, value: number | ArrayLike<number>): void {
    const { value: values, leafWidth } = this.forest;
    if (typeof value === 'number') values[leaf * leafWidth] = value;
    else values.set(value, leaf * leafWidth);
  }

  /** The weight of the rows in a leaf, where it is not the one given when its parent was split. */
  setCover(leaf: number, cover: number): void {
    this.forest.cover[leaf] = cover;
  }

  /** Sums the covers of the last tree from its leaves up to `root`. */
  sumCovers(root: number): void {
    const { feature, left, cover } = this.forest;
    for (let node = this.nodeCount - 1; node >= root; node--)
      if (feature[node] >= 0) cover[node] = cover[left[node]] + cover[left[node] + 1];
  }

  /** The root of the last tree. */
  lastRoot(): number {
    return this.roots[this.roots.length - 1];
  }

  /** The forest so far, in arrays with room to spare, until it grows on. */
  peek(): Forest {
    return this.forest;
  }

  /** The forest so far, in arrays of exactly its size; of its first `treeCount` trees alone when that is given. */
  finish(treeCount = this.roots.length): Forest {
    const nodes = treeCount < this.roots.length ? this.roots[treeCount] : this.nodeCount;
    const words = setsBefore(this.forest, nodes);
    const forest = allocateForest(this.forest, nodes, words, treeCount);
    copyNodes(this.forest, 0, nodes, forest, 0);
    forest.sets.set(this.forest.sets.subarray(0, words));
    forest.roots.set(this.roots.slice(0, treeCount));
    return forest;
  }
}

/** How many words of sets the nodes before `end` have. */
function setsBefore({ feature, categories, set }: Forest, end: number): number {
  let words = 0;
  for (let node = 0; node < end; node++) if (set[node] >= 0) words += setWords(categories[feature[node]]);
  return words;
}

/** Copies nodes from..to of one forest, without their sets, to `at` in another, their children moved along. */
function copyNodes(source: Forest, from: number, to: number, target: Forest, at: number): void {
  for (const key of ['feature', 'threshold', 'set', 'left', 'cover', 'gain', 'missingLeft'] as const) {
    target[key].set(source[key].subarray(from, to), at);
  }
  const width = source.leafWidth;
  target.value.set(source.value.subarray(from * width, to * width), at * width);
  const shift = at - from;
  if (shift === 0) return;
  for (let node = at; node < at + to - from; node++)
    if (target.feature[node] >= 0) target.left[node] += shift;
}

/** Copies the sets of a forest's nodes from..to into another's, where the nodes begin `at`; returns where its next set goes. */
function copySets(
  source: Forest,
  from: number,
  to: number,
  target: Forest,
  at: number,
  setAt: number,
): number {
  let next = setAt;
  for (let node = from; node < to; node++) {
    if (source.set[node] < 0) continue;
    const words = setWords(source.categories[source.feature[node]]);
    target.sets.set(source.sets.subarray(source.set[node], source.set[node] + words), next);
    target.set[at + node - from] = next;
    next += words;
  }
  return next;
}

/** Trees that one thread grew: tree `numbers[i]` of the whole forest is tree i of `forest`. */
export interface ForestPart {
  numbers: number[];
  forest: Forest;
}

/** One forest of all parts, its trees in the order of their numbers, whichever part they are in. */
export function joinForests(parts: readonly ForestPart[]): Forest {
  const trees = parts.flatMap(({ numbers, forest }) =>
    numbers.map((number, i) => ({
      number,
      forest,
      from: forest.roots[i],
      to: forest.roots[i + 1] ?? forest.feature.length,
    })),
  );
  trees.sort((a, b) => a.number - b.number);
  const total = (count: (forest: Forest) => number) =>
    parts.reduce((sum, { forest }) => sum + count(forest), 0);
  const joined = allocateForest(
    parts[0].forest,
    total(({ feature }) => feature.length),
    total(({ sets }) => sets.length),
    trees.length,
  );
  let at = 0;
  let setAt = 0;
  for (const [i, { forest, from, to }] of trees.entries()) {
    copyNodes(forest, from, to, joined, at);
    setAt = copySets(forest, from, to, joined, at, setAt);
    joined.roots[i] = at;
    at += to - from;
  }
  return joined;
}
