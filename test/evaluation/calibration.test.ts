import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calibrationTable } from '../../src/evaluation/calibration.js';

interface Case {
  by: 'width' | 'rows';
  bins: number;
  target: number[];
  predictions: number[];
  means: number[];
  rates: number[];
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/calibration.json'), 'utf8'));

describe('a calibration table', () => {
  it.each(vectors.cases as Case[])('has the $bins bins of scikit-learn by $by', (one) => {
    const { by, bins } = one;
    const table = calibrationTable(Float64Array.from(one.target), Float64Array.from(one.predictions), {
      by,
      bins,
    });
    expect(table).toHaveLength(bins);
    const filled = table.filter(({ rows }) => rows > 0);
    expect(filled).toHaveLength(one.means.length);
    for (const [i, bin] of filled.entries()) {
      expect(bin.meanPrediction).toBeCloseTo(one.means[i], 12);
      expect(bin.positiveRate).toBeCloseTo(one.rates[i], 12);
    }
    expect(table.reduce((sum, { rows }) => sum + rows, 0)).toBe(one.target.length);
    expect([table[0].lower, table[bins - 1].upper]).toEqual([0, 1]);
    for (let bin = 1; bin < bins; bin++) expect(table[bin].lower).toBe(table[bin - 1].upper);
  });

  it('says how far chance may have moved a rate', () => {
    for (const { positives, rows, lower, upper } of vectors.intervals) {
      const target = Float64Array.from({ length: rows }, (_, row) => (row < positives ? 1 : 0));
      const [bin] = calibrationTable(target, new Float64Array(rows), { bins: 1 });
      expect(bin.rateLower, `${positives} of ${rows}`).toBeCloseTo(lower, 12);
      expect(bin.rateUpper, `${positives} of ${rows}`).toBeCloseTo(upper, 12);
    }
  });

  it('has no figures where it has no rows', () => {
    const [first, last] = calibrationTable(Float64Array.of(0, 1), Float64Array.of(0.1, 0.2), { bins: 2 });
    expect(first).toMatchObject({ rows: 2, positiveRate: 0.5 });
    expect(last).toEqual({
      lower: 0.5,
      upper: 1,
      rows: 0,
      meanPrediction: Number.NaN,
      positiveRate: Number.NaN,
      rateLower: Number.NaN,
      rateUpper: Number.NaN,
    });
    for (const bin of calibrationTable(new Float64Array(0), new Float64Array(0), { by: 'width' }))
      expect(bin.rows).toBe(0);
  });
});
