import type { Explanation } from '../learner.js';
import { type Forest, goesLeft } from './forest.js';

/** What all rows of a forest share. */
interface Means {
  /** Of each node, the share of its parent's training rows that came to it; 1 in a root. */
  share: Float64Array;
  /** nodes x leafWidth: the mean of the leaves below, each weighted by its rows. */
  mean: Float64Array;
  /** The most splits from a root to a leaf. */
  depth: number;
}

function meansOf({ feature, left, cover, value, leafWidth }: Forest): Means {
  const share = new Float64Array(feature.length).fill(1);
  const mean = value.slice();
  const below = new Int16Array(feature.length);
  let depth = 0;
  // Children come after their parents.
  for (let node = feature.length - 1; node >= 0; node--) {
    if (feature[node] < 0) continue;
    const child = left[node];
    const sum = cover[child] + cover[child + 1];
    share[child] = sum > 0 ? cover[child] / sum : 0.5;
    share[child + 1] = 1 - share[child];
    for (let j = 0; j < leafWidth; j++) {
      const at = child * leafWidth + j;
      mean[node * leafWidth + j] = share[child] * mean[at] + share[child + 1] * mean[at + leafWidth];
    }
    below[node] = 1 + Math.max(below[child], below[child + 1]);
    depth = Math.max(depth, below[node]);
  }
  return { share, mean, depth };
}

/**
 * The way from a root to a node, in the terms of the paper: of each different feature on it the share of training rows that go on
 * when the feature is not known (`zero`), whether the row itself does (`one`: 1 or 0), and the weights of the sets of known features by
 * their size. Each level of the tree has a copy of its own, one after the other in the same arrays.
 */
class Paths {
  readonly feature: Int32Array;
  readonly zero: Float64Array;
  readonly one: Uint8Array;
  readonly weight: Float64Array;
  readonly stride: number;

  constructor(depth: number, featureCount: number) {
    this.stride = Math.min(depth, featureCount) + 2;
    const size = (depth + 2) * this.stride;
    this.feature = new Int32Array(size);
    this.zero = new Float64Array(size);
    this.one = new Uint8Array(size);
    this.weight = new Float64Array(size);
  }

  /** Copies the first `length` parts of the path at `from` to `to`. A loop: they are too few for copyWithin to pay. */
  copy(from: number, to: number, length: number): void {
    const { feature, zero, one, weight } = this;
    for (let i = 0; i < length; i++) {
      feature[to + i] = feature[from + i];
      zero[to + i] = zero[from + i];
      one[to + i] = one[from + i];
      weight[to + i] = weight[from + i];
    }
  }

  /** EXTEND: the path at `at` has `length` parts and gets one more. */
  extend(at: number, length: number, feature: number, zero: number, one: number): void {
    const { weight } = this;
    this.feature[at + length] = feature;
    this.zero[at + length] = zero;
    this.one[at + length] = one;
    weight[at + length] = length === 0 ? 1 : 0;
    for (let i = length - 1; i >= 0; i--) {
      weight[at + i + 1] += (one * weight[at + i] * (i + 1)) / (length + 1);
      weight[at + i] = (zero * weight[at + i] * (length - i)) / (length + 1);
    }
  }

  /** UNWIND: takes part `i` out again of a path of `length` parts. */
  unwind(at: number, length: number, i: number): void {
    const { weight } = this;
    const [zero, one, last] = [this.zero[at + i], this.one[at + i], length - 1];
    let next = weight[at + last];
    for (let j = last - 1; j >= 0; j--) {
      if (one === 0) weight[at + j] = (weight[at + j] * length) / (zero * (last - j));
      else {
        const held = weight[at + j];
        weight[at + j] = (next * length) / (j + 1);
        next = held - (weight[at + j] * zero * (last - j)) / length;
      }
    }
    for (let k = at + i; k < at + last; k++) {
      this.feature[k] = this.feature[k + 1];
      this.zero[k] = this.zero[k + 1];
      this.one[k] = this.one[k + 1];
    }
  }

  /** The sum of the weights after part `i`, which the row follows, was taken out. */
  sumWithout(at: number, length: number, i: number): number {
    const { weight } = this;
    const [zero, last] = [this.zero[at + i], length - 1];
    let next = weight[at + last];
    let sum = 0;
    for (let j = last - 1; j >= 0; j--) {
      const taken = next / (j + 1);
      sum += taken;
      next = weight[at + j] - taken * zero * (last - j);
    }
    return sum * length;
  }

  /** The same for a part that the row does not follow, times that part's `zero`: it is equal for all such parts. */
  sumWithoutCold(at: number, length: number): number {
    let sum = 0;
    for (let j = length - 2; j >= 0; j--) sum += this.weight[at + j] / (length - 1 - j);
    return sum * length;
  }
}

/** One row in one forest. */
class RowWalk {
  /** outputs x features: the contributions found so far. */
  readonly found: Float64Array;
  private x: Float64Array = new Float64Array(0);
  private offset = 0;
  private tree = 0;

  constructor(
    private readonly forest: Forest,
    private readonly means: Means,
    private readonly paths: Paths,
  ) {
    this.found = new Float64Array(forest.outputs * forest.featureCount);
  }

  explain(x: Float64Array, offset: number): void {
    const { roots } = this.forest;
    this.found.fill(0);
    this.x = x;
    this.offset = offset;
    for (this.tree = 0; this.tree < roots.length; this.tree++) {
      this.visit(roots[this.tree], 0, 0, -1, 1, 1);
    }
  }

  /** RECURSE: the path at `at` has `length` parts; to it comes the feature that led to `node`. */
  private visit(
    node: number,
    level: number,
    length: number,
    feature: number,
    zero: number,
    one: number,
  ): void {
    const { paths, forest, means } = this;
    const at = level * paths.stride;
    paths.extend(at, length, feature, zero, one);
    if (forest.feature[node] < 0) {
      this.addLeaf(node, at, length + 1);
      return;
    }
    const asked = forest.feature[node];
    const child = forest.left[node];
    const hot = child + (goesLeft(forest, node, this.x[this.offset + asked]) ? 0 : 1);
    let count = length + 1;
    let zeroBefore = 1;
    let oneBefore = 1;
    const earlier = this.find(asked, at, count);
    if (earlier > 0) {
      zeroBefore = paths.zero[at + earlier];
      oneBefore = paths.one[at + earlier];
      paths.unwind(at, count, earlier);
      count--;
    }
    for (let next = child; next <= child + 1; next++) {
      const nextZero = zeroBefore * means.share[next];
      const nextOne = next === hot ? oneBefore : 0;
      // No training row came here and this row does not: the leaves below count for nothing.
      if (nextZero === 0 && nextOne === 0) continue;
      paths.copy(at, at + paths.stride, count);
      this.visit(next, level + 1, count, asked, nextZero, nextOne);
    }
  }

  /** Where on the path a feature is; 0, the place of the root, when it is not. */
  private find(feature: number, at: number, length: number): number {
    for (let i = 1; i < length; i++) if (this.paths.feature[at + i] === feature) return i;
    return 0;
  }

  private addLeaf(leaf: number, at: number, length: number): void {
    const { paths, forest } = this;
    const { featureCount, leafWidth, outputs, value } = forest;
    const cold = paths.sumWithoutCold(at, length);
    for (let i = 1; i < length; i++) {
      const weight =
        paths.one[at + i] === 0 ? -cold : paths.sumWithout(at, length, i) * (1 - paths.zero[at + i]);
      for (let j = 0; j < leafWidth; j++) {
        const output = leafWidth === 1 ? this.tree % outputs : j;
        this.found[output * featureCount + paths.feature[at + i]] += weight * value[leaf * leafWidth + j];
      }
    }
  }
}

/**
 * Exact SHAP values of a forest, path-dependent: a feature that is not known takes the ways of the training rows (Lundberg, Erion and
 * Lee 2018, "Consistent individualized feature attribution for tree ensembles", algorithm 2). The margin is `base` (one value for
 * all outputs, or one each) plus `scale` times the sum of the leaves; each row's contributions and the returned base add up to it.
 * Takes time in proportion to the leaves times the square of the different features on the way to them.
 */
export function explainForest(
  forest: Forest,
  x: Float64Array,
  rowCount: number,
  base: number | Float64Array = 0,
  scale = 1,
): Explanation {
  const { featureCount, outputs, leafWidth, roots } = forest;
  const means = meansOf(forest);
  const mean = new Float64Array(outputs);
  roots.forEach((root, tree) => {
    for (let j = 0; j < leafWidth; j++)
      mean[leafWidth === 1 ? tree % outputs : j] += means.mean[root * leafWidth + j];
  });
  const walk = new RowWalk(forest, means, new Paths(means.depth, featureCount));
  const contributions = new Float64Array(rowCount * outputs * featureCount);
  for (let row = 0; row < rowCount; row++) {
    walk.explain(x, row * featureCount);
    for (let i = 0, to = row * walk.found.length; i < walk.found.length; i++)
      contributions[to + i] = walk.found[i] * scale;
  }
  return {
    base: mean.map((sum, output) => (typeof base === 'number' ? base : base[output]) + sum * scale),
    contributions,
  };
}

/** How much of the training loss each feature's splits gained, in shares of 1; all 0 when nothing was gained. */
export function gainImportances({ featureCount, feature, gain }: Forest): Float64Array {
  const sums = new Float64Array(featureCount);
  // Divided by the largest first, so that no sum overflows.
  const largest = gain.reduce((most, one) => Math.max(most, one), 0);
  if (largest === 0) return sums;
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] >= 0 && gain[node] > 0) sums[feature[node]] += gain[node] / largest;
  }
  const total = sums.reduce((a, b) => a + b, 0);
  return sums.map((sum) => sum / total);
}
