import { expect, test } from 'vitest';
import { conformalHalfWidth, halfWidthOf, rowsNeeded } from '../../src/models/intervals.js';
import { seededRandom } from '../../src/util/random.js';

/** As a model file keeps them: quantiles between the two nearest, at 0, .01 ... 1. */
function kept(residuals: readonly number[]) {
  const sorted = [...residuals].sort((a, b) => a - b);
  const absolute = Array.from({ length: 101 }, (_, i) => {
    const at = (i / 100) * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  });
  return { count: sorted.length, absolute };
}

test('the rule of the finite sample: never narrower than the ceil((n + 1) x level)-th residual, and hardly wider', () => {
  const random = seededRandom(3);
  for (const n of [1, 2, 9, 10, 19, 100, 101, 150, 1000, 2001]) {
    const residuals = Array.from({ length: n }, () => random());
    const sorted = [...residuals].sort((a, b) => a - b);
    for (const level of [0.1, 0.5, 0.57, 0.8, 0.9, 0.95, 0.99]) {
      // Whole numbers, so that no product is off by a rounding.
      const rank = Math.ceil(((n + 1) * Math.round(level * 100)) / 100);
      const { halfWidth } = conformalHalfWidth(kept(residuals), level);
      if (rank > n) expect(halfWidth).toBeNull();
      else {
        expect(halfWidth).toBeGreaterThanOrEqual(sorted[rank - 1] - 1e-12);
        expect(halfWidth).toBeLessThanOrEqual(sorted[Math.min(n - 1, rank - 1 + Math.ceil(n / 100))] + 1e-12);
      }
    }
  }
  // 101 residuals are kept as they are.
  const exact = Array.from({ length: 101 }, (_, i) => i);
  expect(conformalHalfWidth(kept(exact), 0.9).halfWidth).toBe(91);
});

test('intervals of 90 % hold the truth in at least 90 % of new rows, over many held-out sets', () => {
  const random = seededRandom(9);
  const residual = () => Math.abs(Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  let held = 0;
  const trials = 2_000;
  for (let trial = 0; trial < trials; trial++) {
    const { halfWidth } = conformalHalfWidth(kept(Array.from({ length: 19 }, residual)), 0.9);
    if (residual() <= halfWidth!) held++;
  }
  expect(held / trials).toBeGreaterThan(0.88);
  expect(held / trials).toBeLessThan(0.94);
});

test('how many rows a level needs, and what has no interval', () => {
  expect([0.5, 0.8, 0.9, 0.95, 0.99].map(rowsNeeded)).toEqual([1, 4, 9, 19, 99]);
  expect(halfWidthOf({ task: 'regression' }, 0.9)).toMatchObject({ halfWidth: null });
  expect(() => halfWidthOf({ task: 'binary' }, 0.9)).toThrowError(
    expect.objectContaining({ code: 'OPTION_INVALID', why: expect.stringContaining('probabilities') }),
  );
});
