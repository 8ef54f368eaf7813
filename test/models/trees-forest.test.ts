import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binColumns } from '../../src/models/trees/bins.js';
import type { Forest } from '../../src/models/trees/forest.js';
import { ForestBuilder, joinForests } from '../../src/models/trees/forest-builder.js';
import { packForest } from '../../src/models/trees/pack-forest.js';
import { predictForest } from '../../src/models/trees/predict-forest.js';
import { openKernelWalk } from '../../src/models/trees/walk-kernel.js';
import { openPlainWalk } from '../../src/models/trees/walk-plain.js';
import { seededRandom } from '../../src/util/random.js';
import { sameBytes } from './credit-data.js';
import { FEATURES, growRandomForest, isLeft, randomRows, shapeOf } from './random-forests.js';

/** One row through one tree after the other. */
function walk(forest: Forest, row: Float64Array, base: readonly number[]): number[] {
  const { feature, left, value, roots, outputs, leafWidth } = forest;
  const sums = [...base];
  roots.forEach((root, tree) => {
    let node = root;
    while (feature[node] >= 0) node = left[node] + (isLeft(forest, node, row[feature[node]]) ? 0 : 1);
    if (leafWidth === 1) sums[tree % outputs] += value[node];
    else
      sums.forEach((_, j) => {
        sums[j] += value[node * leafWidth + j];
      });
  });
  return sums;
}

/** The compiled one and its plain twin. */
const WALKS = [openKernelWalk, openPlainWalk];

/** One feature of numbers. */
const columnOf = (values: number[]) => ({
  ...{ x: Float64Array.from(values), rowCount: values.length, featureCount: 1 },
  categories: new Int32Array(1),
});

test('a prediction is the base plus the leaves in the order of the trees, alone or in a batch of any size', () => {
  const kinds: [outputs: number, leafWidth: number, treeCounts: number[]][] = [
    [1, 1, [1, 2, 3, 4, 5, 8, 201]],
    [3, 1, [3, 6, 21]],
    [3, 3, [1, 2, 7]],
  ];
  for (const [outputs, leafWidth, treeCounts] of kinds) {
    const base = [0.1, -2, 3e5].slice(0, outputs);
    for (const treeCount of treeCounts) {
      const size = { treeCount, splits: 40, seed: treeCount };
      // Values of such different sizes that their sum depends on the order of addition.
      const forest = growRandomForest(
        size,
        shapeOf(outputs, leafWidth),
        (random) => (random() - 0.5) * 10 ** Math.floor(random() * 20),
      );
      const packed = packForest(forest);
      const x = randomRows(600, 9);
      const rows = Array.from({ length: 600 }, (_, i) => x.subarray(i * FEATURES, (i + 1) * FEATURES));
      const wanted = Float64Array.from(rows.flatMap((row) => walk(forest, row, base)));
      for (const [size, open] of [600, 1, 7, 256, 257].flatMap((size) =>
        WALKS.map((open) => [size, open] as const),
      )) {
        packed.walk = open(packed);
        expect(packed.walk).not.toBeNull();
        const found = new Float64Array(600 * outputs);
        for (let from = 0; from < 600; from += size) {
          const count = Math.min(size, 600 - from);
          const given = outputs === 1 ? base[0] : Float64Array.from(base);
          found.set(predictForest(packed, x.subarray(from * FEATURES), count, given), from * outputs);
        }
        expect(sameBytes(found, wanted)).toBe(true);
      }
    }
  }
});

test('a feature with more thresholds than a rank can count is asked for each of them', () => {
  const random = seededRandom(4);
  const builder = new ForestBuilder({ ...shapeOf(1, 1), featureCount: 1, categories: Int32Array.of(0) });
  const leaves = [builder.addTree(0)];
  const thresholds = Float64Array.from({ length: 40_000 }, () => random());
  for (const threshold of thresholds) {
    const at = Math.floor(random() * leaves.length);
    const more = { missingLeft: random() < 0.5, gain: 1, leftCover: 1, rightCover: 1 };
    const left = builder.split(leaves[at], { feature: 0, threshold, ...more });
    leaves[at] = left;
    leaves.push(left + 1);
  }
  leaves.forEach((leaf, i) => void builder.setValue(leaf, Float64Array.of(i)));
  const forest = builder.finish();
  const x = Float64Array.from([
    ...thresholds.subarray(0, 2_000),
    ...Array.from({ length: 2_000 }, () => random()),
    ...[Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0, -0, 1],
  ]);
  const wanted = Float64Array.from(x, (_, i) => walk(forest, x.subarray(i, i + 1), [0])[0]);
  const packed = packForest(forest);
  for (const open of WALKS) {
    packed.walk = open(packed);
    expect(sameBytes(predictForest(packed, x, x.length), wanted)).toBe(true);
  }
});

test('trees grown apart are joined in the order of their numbers', () => {
  const parts = [[3, 0, 6], [5], [], [1, 2, 4]].map((numbers) => {
    const builder = new ForestBuilder({ ...shapeOf(1, 1), featureCount: 1, categories: Int32Array.of(0) });
    for (const number of numbers) {
      const root = builder.addTree(number);
      const left = builder.split(root, {
        feature: 0,
        threshold: 0,
        missingLeft: false,
        gain: 1,
        leftCover: 1,
        rightCover: 1,
      });
      builder.setValue(left, 10 ** number);
    }
    return { numbers, forest: builder.finish() };
  });
  const joined = joinForests(parts);
  expect([...joined.roots].map((root) => joined.cover[root])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect([...joined.roots].map((root) => joined.value[joined.left[root]])).toEqual([
    1, 10, 100, 1e3, 1e4, 1e5, 1e6,
  ]);
});

test('bins keep the order of values, part few values all and give a heavy value its own', async () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(finite, fc.constant(Number.NaN)), { minLength: 1, maxLength: 60 }),
      async (values) => {
        const { bins, edges, hasMissing } = await binColumns(columnOf(values));
        expect(hasMissing[0] === 1).toBe(values.some(Number.isNaN));
        expect(edges[0].every(Number.isFinite)).toBe(true);
        values.forEach((value, i) => {
          const missing = edges[0].length + 1;
          expect(bins[i] === missing).toBe(Number.isNaN(value));
          values.forEach((other, j) => {
            if (value === other) expect(bins[i]).toBe(bins[j]);
            if (value < other) expect(bins[i]).toBeLessThan(bins[j]);
          });
          edges[0].forEach((edge, b) => {
            if (!Number.isNaN(value)) expect(value <= edge).toBe(bins[i] <= b);
          });
        });
      },
    ),
    { numRuns: 200, seed: 3 },
  );

  const heavy = Array.from({ length: 10_000 }, (_, i) => (i % 2 === 0 ? 5000.5 : i));
  const { bins, edges } = await binColumns(columnOf(heavy));
  expect(edges[0].length + 1).toBeGreaterThan(200);
  expect(edges[0].length + 1).toBeLessThanOrEqual(255);
  const ofHeavy = bins[0];
  for (const [i, value] of heavy.entries()) expect(bins[i] === ofHeavy).toBe(value === 5000.5);
});
