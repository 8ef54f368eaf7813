import { expect, test } from 'vitest';
import { permutationImportance } from '../../src/models/importance.js';
import { seededRandom } from '../../src/util/random.js';

const ROWS = 4000;
const random = seededRandom(3);
/** Three columns, uniform in [0, 1). */
const x = Float64Array.from({ length: ROWS * 3 }, random);
const predict = (cells: Float64Array, rowCount: number) =>
  Float64Array.from({ length: rowCount }, (_, row) => 4 * cells[3 * row] - 2 * cells[3 * row + 1]);
const y = predict(x, ROWS);
const squaredError = (predictions: Float64Array) =>
  predictions.reduce((sum, value, i) => sum + (value - y[i]) ** 2, 0) / ROWS;
const input = { predict, x, rowCount: ROWS, featureCount: 3, repeats: 5, seed: 7 };

test('of a sum, the squared error lost is twice the variance of each part', () => {
  const found = permutationImportance({ ...input, score: squaredError, direction: 'less' });
  // The variance of a uniform number in [0, 1) is 1/12.
  expect(Math.abs(found[0].mean / ((2 * 16) / 12) - 1)).toBeLessThan(0.05);
  expect(Math.abs(found[1].mean / ((2 * 4) / 12) - 1)).toBeLessThan(0.05);
  expect(found[2]).toEqual({ mean: 0, deviation: 0 });
  expect(found[0].deviation).toBeLessThan(0.2);
});

test('a metric that should be great loses as much as its negative', () => {
  const less = permutationImportance({ ...input, score: squaredError, direction: 'less' });
  const score = (predictions: Float64Array) => -squaredError(predictions);
  expect(permutationImportance({ ...input, score, direction: 'greater' })).toEqual(less);
});

test('the same seed gives the same figures, the cells stay as they are, and no row is a wrong answer', () => {
  const before = x.slice();
  const once = permutationImportance({ ...input, score: squaredError, direction: 'less' });
  expect(permutationImportance({ ...input, score: squaredError, direction: 'less' })).toEqual(once);
  expect(x).toEqual(before);
  const one = permutationImportance({ ...input, rowCount: 1, repeats: 1, score: () => 1, direction: 'less' });
  expect(one.map(({ mean, deviation }) => [mean, deviation])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});
