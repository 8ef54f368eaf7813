import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chiSquaredTail } from '../../../src/evaluation/drift/chi-squared.js';
import { adjustPValues } from '../../../src/evaluation/drift/false-discovery.js';
import { fisherTail } from '../../../src/evaluation/drift/fisher.js';
import { testHomogeneity } from '../../../src/evaluation/drift/homogeneity.js';
import { distanceFrom, kolmogorovTail, twoSampleTail } from '../../../src/evaluation/drift/kolmogorov.js';
import { stabilityIndex } from '../../../src/evaluation/drift/psi.js';
import { numberReference } from '../../../src/evaluation/drift/reference.js';

/** By SciPy; see drift.py beside it. */
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'vectors', 'drift.json'), 'utf8'));

/** Equal to so many digits, however small. */
function expectNear(found: number, wanted: number, tolerance: number): void {
  expect(Math.abs(found - wanted) <= tolerance * Math.abs(wanted) + 1e-300, `${found} and ${wanted}`).toBe(
    true,
  );
}

describe('distributions, as SciPy has them', () => {
  test('of Kolmogorov', () => {
    for (const { x, p } of vectors.kolmogorov) expectNear(kolmogorovTail(x), p, 1e-9);
    expect([kolmogorovTail(0), kolmogorovTail(-1), kolmogorovTail(Number.NaN)]).toEqual([1, 1, 1]);
  });

  test('of chi-squared', () => {
    for (const { x, df, p } of vectors.chi_squared) expectNear(chiSquaredTail(x, df), p, 1e-10);
    expect(chiSquaredTail(0, 3)).toBe(1);
  });

  test('of Fisher, twice the smaller tail', () => {
    for (const { cells, p } of vectors.fisher) {
      const [hits, rows, otherHits, otherRows] = cells;
      expectNear(fisherTail(hits, rows, otherHits, otherRows), p, 1e-8);
    }
  });

  test('of false discoveries', () => {
    for (const { p, adjusted } of vectors.false_discovery)
      for (const [i, found] of adjustPValues(p).entries()) expectNear(found, adjusted[i], 1e-12);
    expect(adjustPValues([])).toEqual([]);
  });
});

test('two samples are as far apart as SciPy has it, at a probability near its own', () => {
  for (const { rows, reference, distance, p } of vectors.two_sample) {
    const found = distanceFrom(numberReference(Float64Array.from(reference)), Float64Array.from(rows).sort());
    // A reference of a hundred marks or fewer is exact.
    if (reference.length <= 100) expectNear(found.distance, distance, 1e-12);
    expect(found.distance).toBeLessThanOrEqual(distance + 1e-12);
    expect(distance - found.distance).toBeLessThan(0.01);
    // The form for many rows: its logarithm is right to a twentieth, far out in the tail as well.
    const logarithm = Math.log(twoSampleTail(distance, rows.length, reference.length));
    expect(Math.abs(logarithm - Math.log(p))).toBeLessThan(0.05 + 0.05 * Math.abs(Math.log(p)));
  }
});

test('tables have the probability of SciPy, with the correction for two cells', () => {
  for (const { rows, reference, p } of vectors.tables)
    expectNear(testHomogeneity({ rows, reference })?.p ?? Number.NaN, p, 1e-10);
});

test('a category that the reference never had is found, however large the reference is', () => {
  const found = testHomogeneity({ rows: [1900, 100], reference: [100_000, 0] });
  expect(found?.p).toBeLessThan(1e-50);
  expect(found?.effect).toBeCloseTo(0.05);
  expect(testHomogeneity({ rows: [200, 1], reference: [1000, 0] })?.p).toBeGreaterThan(0.05);
  expect(testHomogeneity({ rows: [200], reference: [1000] })).toBeNull();
  expect(testHomogeneity({ rows: [0, 0], reference: [10, 10] })).toBeNull();
});

test('the stability index is told from 200 rows on, empty bins and all', () => {
  const reference = [500, 300, 200, 0];
  expect(stabilityIndex({ rows: [100, 60, 39, 0], reference })).toBeNull();
  expect(stabilityIndex({ rows: [100, 60, 40, 0], reference })).toBeLessThan(0.01);
  expect(stabilityIndex({ rows: [40, 60, 50, 50], reference })).toBeGreaterThan(0.25);
});

test('a probability is one, whatever the counts', () => {
  const counts = fc.array(fc.tuple(fc.nat(300), fc.nat(3000)), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(counts, (cells) => {
      const found = testHomogeneity({
        rows: cells.map(([rows]) => rows),
        reference: cells.map(([, reference]) => reference),
      });
      if (found === null) return;
      expect(found.p).toBeGreaterThanOrEqual(0);
      expect(found.p).toBeLessThanOrEqual(1);
      expect(found.effect).toBeGreaterThanOrEqual(0);
      expect(found.effect).toBeLessThanOrEqual(1 + 1e-12);
    }),
    { numRuns: 300 },
  );
});
