import type { PackedForest } from './packed-forest.js';
import { openKernelWalk } from './walk-kernel.js';
import { openPlainWalk } from './walk-plain.js';

/** Adds the values of a row's leaves to its sums, tree by tree. */
function addLeaves(
  { outputs, leafWidth, values, single, roots }: PackedForest,
  leaves: Int32Array,
  from: number,
  sums: Float64Array,
  at: number,
): void {
  for (let tree = 0; tree < roots.length; tree++) {
    const leaf = leaves[from + tree] * leafWidth;
    const to = at + (tree % outputs);
    if (leafWidth === 1) sums[to] = single ? Math.fround(sums[to] + values[leaf]) : sums[to] + values[leaf];
    else for (let output = 0; output < leafWidth; output++) sums[at + output] += values[leaf + output];
  }
}

/** The same where each leaf has one value and there is one sum. */
function sumOfLeaves(
  values: Float64Array,
  leaves: Int32Array,
  from: number,
  to: number,
  base: number,
): number {
  let sum = base;
  for (let i = from; i < to; i++) sum += values[leaves[i]];
  return sum;
}

/**
 * For each row of a row-major matrix, `base` (one value for all outputs, or one each) plus the values of the leaves it falls
 * into, added in the order of the trees: rowCount x outputs. The sums of a row are the same, bit for bit, alone and among others.
 */
export function predictForest(
  forest: PackedForest,
  x: Float64Array,
  rowCount: number,
  base: number | Float64Array = 0,
): Float64Array {
  const { outputs, leafWidth, values, roots, single } = forest;
  const sums = new Float64Array(rowCount * outputs);
  if (typeof base === 'number') sums.fill(base);
  else for (let at = 0; at < sums.length; at += outputs) sums.set(base, at);
  const isPlain = outputs === 1 && leafWidth === 1 && !single;
  forest.walk ??= openKernelWalk(forest) ?? openPlainWalk(forest);
  const { walk } = forest;
  for (let first = 0; first < rowCount; first += walk.most) {
    const count = Math.min(walk.most, rowCount - first);
    const leaves = walk.leaves(x, first, count);
    for (let row = 0; row < count; row++) {
      const from = row * roots.length;
      if (isPlain)
        sums[first + row] = sumOfLeaves(values, leaves, from, from + roots.length, sums[first + row]);
      else addLeaves(forest, leaves, from, sums, (first + row) * outputs);
    }
  }
  return sums;
}
