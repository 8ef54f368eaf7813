import { allocateForest, type Forest } from './forest.js';

/** A forest that grows node by node. */
export class ForestBuilder {
  private forest: Forest;
  private readonly roots: number[] = [];
  private nodeCount = 0;

  constructor(featureCount: number) {
    this.forest = allocateForest(featureCount, 1024, 0);
  }

  private makeRoom(): void {
    const old = this.forest;
    if (this.nodeCount + 2 <= old.feature.length) return;
    const grown = allocateForest(old.featureCount, old.feature.length * 2, 0);
    copyNodes(old, 0, this.nodeCount, grown, 0);
    this.forest = grown;
  }

  /** Begins a tree; returns its root, a leaf as yet. */
  addTree(cover: number): number {
    this.makeRoom();
    const root = this.nodeCount++;
    this.roots.push(root);
    this.forest.cover[root] = cover;
    return root;
  }

  /** Gives a leaf two children, leaves as yet; returns the left one, and the right one is the next. */
  split(
    node: number,
    by: { feature: number; threshold: number; missingLeft: boolean; leftCover: number; rightCover: number },
  ): number {
    this.makeRoom();
    const { forest } = this;
    const left = this.nodeCount;
    this.nodeCount += 2;
    forest.feature[node] = by.feature;
    forest.threshold[node] = by.threshold;
    forest.missingLeft[node] = by.missingLeft ? 1 : 0;
    forest.left[node] = left;
    forest.cover[left] = by.leftCover;
    forest.cover[left + 1] = by.rightCover;
    return left;
  }

  setValue(leaf: number, value: number): void {
    this.forest.value[leaf] = value;
  }

  /** The forest so far, in arrays of exactly its size. */
  finish(): Forest {
    const forest = allocateForest(this.forest.featureCount, this.nodeCount, this.roots.length);
    copyNodes(this.forest, 0, this.nodeCount, forest, 0);
    forest.roots.set(this.roots);
    return forest;
  }
}

/** Copies nodes from..to of one forest to `at` in another, their children moved along. */
function copyNodes(source: Forest, from: number, to: number, target: Forest, at: number): void {
  for (const key of ['feature', 'threshold', 'left', 'value', 'cover', 'missingLeft'] as const) {
    target[key].set(source[key].subarray(from, to), at);
  }
  const shift = at - from;
  if (shift === 0) return;
  for (let node = at; node < at + to - from; node++)
    if (target.feature[node] >= 0) target.left[node] += shift;
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
  const nodeCount = parts.reduce((sum, part) => sum + part.forest.feature.length, 0);
  const joined = allocateForest(parts[0].forest.featureCount, nodeCount, trees.length);
  let at = 0;
  for (const [i, tree] of trees.entries()) {
    copyNodes(tree.forest, tree.from, tree.to, joined, at);
    joined.roots[i] = at;
    at += tree.to - tree.from;
  }
  return joined;
}
