import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LearningRows } from '../../src/models/learner.js';
import { classWeightsOf, evenRows } from '../../src/pipeline/balance-rows.js';

function rowsOf(y: number[]): LearningRows {
  const x = Float64Array.from(y.flatMap((label, row) => [row, label * 100]));
  return { x, y: Float64Array.from(y), rowCount: y.length, weights: null, previous: null };
}

test('balanced weights are those of scikit-learn: rows / (classes x rows of the class)', () => {
  // sklearn.utils.class_weight.compute_sample_weight("balanced", [0, 0, 0, 1, 2, 2]), scikit-learn 1.2.1
  const wanted = [2 / 3, 2 / 3, 2 / 3, 2, 1, 1];
  const found = classWeightsOf(Float64Array.of(0, 0, 0, 1, 2, 2), 3, 'balanced', null);
  for (const [row, weight] of wanted.entries()) expect(found?.[row]).toBeCloseTo(weight, 12);
});

test('evened out, each class has as many rows, each of them a row that was there, with its own target', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 60 }),
      fc.constantFrom('oversample' as const, 'undersample' as const),
      fc.integer({ min: 0, max: 1000 }),
      (y, balance, seed) => {
        const { rows, balance: counts } = evenRows(rowsOf(y), { classCount: 3, balance, seed });
        const present = [0, 1, 2].filter((label) => y.includes(label));
        const sizes = present.map((label) => y.filter((one) => one === label).length);
        const wanted = balance === 'oversample' ? Math.max(...sizes) : Math.min(...sizes);
        for (const label of present) expect(rows.y.filter((one) => one === label).length).toBe(wanted);
        expect(counts?.after).toEqual([0, 1, 2].map((label) => (present.includes(label) ? wanted : 0)));
        for (let row = 0; row < rows.rowCount; row++) {
          expect(y[rows.x[2 * row]]).toBe(rows.y[row]);
          expect(rows.x[2 * row + 1]).toBe(rows.y[row] * 100);
        }
        // Every row of a class is used before one is used again.
        const used = new Map<number, number>();
        for (let row = 0; row < rows.rowCount; row++)
          used.set(rows.x[2 * row], (used.get(rows.x[2 * row]) ?? 0) + 1);
        for (const label of present) {
          const counts = y.flatMap((one, row) => (one === label ? [used.get(row) ?? 0] : []));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      },
    ),
    { seed: 7 },
  );
});
