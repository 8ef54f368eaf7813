import { expect, test } from 'vitest';
import type { Forest } from '../../src/models/trees/forest.js';
import { packForest } from '../../src/models/trees/pack-forest.js';
import { predictForest } from '../../src/models/trees/predict-forest.js';
import { explainForest, gainImportances } from '../../src/models/trees/tree-shap.js';
import { seededRandom } from '../../src/util/random.js';
import { FEATURES, growRandomForest, isLeft, randomRows, shapeOf } from './random-forests.js';

/** Algorithm 1 of the paper: what a tree answers when only the features of `known` (a bit each) are known. */
function meanAnswer(forest: Forest, node: number, row: Float64Array, known: number, j: number): number {
  const { feature, left, cover, value, leafWidth } = forest;
  if (feature[node] < 0) return value[node * leafWidth + j];
  const child = left[node];
  if ((known >> feature[node]) & 1) {
    const next = child + (isLeft(forest, node, row[feature[node]]) ? 0 : 1);
    return meanAnswer(forest, next, row, known, j);
  }
  const whole = cover[child] + cover[child + 1];
  const share = whole === 0 ? 0.5 : cover[child] / whole;
  return (
    share * meanAnswer(forest, child, row, known, j) +
    (1 - share) * meanAnswer(forest, child + 1, row, known, j)
  );
}

function answerOf(forest: Forest, row: Float64Array, known: number, output: number): number {
  const { roots, leafWidth, outputs } = forest;
  let sum = 0;
  roots.forEach((root, tree) => {
    if (leafWidth > 1) sum += meanAnswer(forest, root, row, known, output);
    else if (tree % outputs === output) sum += meanAnswer(forest, root, row, known, 0);
  });
  return sum;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const bitsIn = (set: number): number => (set === 0 ? 0 : (set & 1) + bitsIn(set >> 1));

/** Shapley's value of a feature, by its definition: over all sets of the other features. */
function shapley(forest: Forest, row: Float64Array, feature: number, output: number): number {
  let sum = 0;
  for (let known = 0; known < 1 << FEATURES; known++) {
    if ((known >> feature) & 1) continue;
    const size = bitsIn(known);
    const weight = (factorial(size) * factorial(FEATURES - size - 1)) / factorial(FEATURES);
    const gained =
      answerOf(forest, row, known | (1 << feature), output) - answerOf(forest, row, known, output);
    sum += weight * gained;
  }
  return sum;
}

test("contributions are Shapley's values by their definition, with missing values, categories and several outputs", () => {
  for (const [outputs, leafWidth] of [
    [1, 1],
    [3, 1],
    [3, 3],
  ]) {
    for (const seed of [1, 2, 3]) {
      // One split in five has no training row on its left side.
      const share = (random: () => number) => (random() < 0.2 ? 0 : random());
      const size = { treeCount: 3, splits: 20, seed };
      const forest = growRandomForest(size, shapeOf(outputs, leafWidth), (random) => random() - 0.5, share);
      const rowCount = 8;
      const x = randomRows(rowCount, seed);
      const base = Float64Array.of(0.5, -1, 2).subarray(0, outputs);
      const found = explainForest(forest, x, rowCount, base, 0.25);
      const none = new Float64Array(FEATURES);
      for (let output = 0; output < outputs; output++) {
        const mean = base[output] + 0.25 * answerOf(forest, none, 0, output);
        expect(Math.abs(found.base[output] - mean)).toBeLessThan(1e-12);
        for (let row = 0; row < rowCount; row++) {
          const cells = x.subarray(row * FEATURES, (row + 1) * FEATURES);
          for (let feature = 0; feature < FEATURES; feature++) {
            const wanted = 0.25 * shapley(forest, cells, feature, output);
            const at = (row * outputs + output) * FEATURES + feature;
            expect(Math.abs(found.contributions[at] - wanted)).toBeLessThan(1e-12);
          }
        }
      }
    }
  }
});

test('contributions and base add up to the margin to 1e-9, in deep trees with many features too', () => {
  const featureCount = 60;
  const shape = { featureCount, categories: new Int32Array(featureCount), outputs: 1, leafWidth: 1 };
  const random = seededRandom(5);
  const x = Float64Array.from({ length: 20 * featureCount }, () =>
    random() < 0.1 ? Number.NaN : random() * 2 - 1,
  );
  const forest = growRandomForest({ treeCount: 20, splits: 1000, seed: 8 }, shape, (draw) => draw() - 0.5);
  const margins = predictForest(packForest(forest), x, 20, 0.3);
  const { base, contributions } = explainForest(forest, x, 20, 0.3);
  for (let row = 0; row < 20; row++) {
    const sum = contributions
      .subarray(row * featureCount, (row + 1) * featureCount)
      .reduce((a, b) => a + b, base[0]);
    expect(Math.abs(sum - margins[row])).toBeLessThan(1e-9);
  }
});

test('a tree that is one leaf is explained by its base alone', () => {
  const forest = growRandomForest({ treeCount: 2, splits: 1, seed: 1 }, shapeOf(1, 1), () => 0.5);
  const { base, contributions } = explainForest(forest, randomRows(1, 1), 1, 1, 2);
  expect([...base]).toEqual([3]);
  expect([...contributions]).toEqual([0, 0, 0, 0, 0]);
});

test('the gain of all splits is shared among their features', () => {
  const forest = growRandomForest({ treeCount: 5, splits: 30, seed: 4 }, shapeOf(1, 1), () => 1);
  const wanted = new Array(FEATURES).fill(0);
  forest.feature.forEach((feature, node) => {
    if (feature >= 0) wanted[feature] += forest.gain[node];
  });
  const total = wanted.reduce((a, b) => a + b);
  gainImportances(forest).forEach((share, i) => {
    expect(share).toBeCloseTo(wanted[i] / total, 12);
  });
  forest.gain.fill(1e308);
  expect(gainImportances(forest).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
  forest.gain.fill(0);
  expect([...gainImportances(forest)]).toEqual([0, 0, 0, 0, 0]);
});
