import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { studentQuantile } from '../../src/evaluation/student-t.js';
import { summariseValues } from '../../src/evaluation/summary.js';

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/student-t.json'), 'utf8'));
const cases: { p: number; df: number; t: number }[] = vectors.cases;

test(`quantiles of Student's t equal mpmath ${vectors.versions.mpmath} to 12 digits`, () => {
  expect(cases.length).toBeGreaterThan(50);
  for (const { p, df, t } of cases)
    expect(Math.abs(studentQuantile(p, df) / t - 1), `p ${p}, df ${df}`).toBeLessThan(1e-12);
});

test('with very many degrees of freedom it is the normal quantile', () => {
  expect(studentQuantile(0.975, 1e9)).toBeCloseTo(1.959964, 4);
  expect(studentQuantile(0.5, 7)).toBeCloseTo(0, 12);
  expect(() => studentQuantile(0.4, 7)).toThrow(RangeError);
  expect(() => studentQuantile(0.975, 0)).toThrow(RangeError);
});

describe('a summary of values', () => {
  it('is that of R for the sleep data of Student 1908: t.test(extra, paired)', () => {
    const { mean, sd, interval, n, min, max } = summariseValues([
      1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4,
    ]);
    expect({ n, min, max }).toEqual({ n: 10, min: 0, max: 4.6 });
    expect(mean).toBeCloseTo(1.58, 12);
    expect(sd).toBeCloseTo(1.229995, 6);
    expect(interval?.lower).toBeCloseTo(0.7001142, 7);
    expect(interval?.upper).toBeCloseTo(2.4598858, 7);
  });

  it('of one value has no deviation and no interval, and of none has nothing', () => {
    const range = { left_out: 0, sd: null, interval: null };
    expect(summariseValues([0.7])).toEqual({ n: 1, mean: 0.7, min: 0.7, max: 0.7, ...range });
    expect(summariseValues([])).toEqual({ n: 0, mean: null, min: null, max: null, ...range });
  });

  it('counts what is not finite and leaves it out', () => {
    const values = [1, Number.NaN, 3, Number.POSITIVE_INFINITY];
    expect(summariseValues(values)).toMatchObject({ n: 2, left_out: 2, mean: 2, min: 1, max: 3 });
  });

  it('has its mean within its values, and equal values have no deviation', () => {
    const number = fc.integer().map((whole) => whole / 1000);
    fc.assert(
      fc.property(fc.array(number, { minLength: 2, maxLength: 20 }), number, (values, same) => {
        const { mean, interval, min, max } = summariseValues(values);
        const slack = 1e-9 * Math.max(1, Math.abs(min as number), Math.abs(max as number));
        expect(mean).toBeGreaterThanOrEqual((min as number) - slack);
        expect(mean).toBeLessThanOrEqual((max as number) + slack);
        expect(interval?.lower).toBeLessThanOrEqual(mean as number);
        expect(summariseValues([same, same, same])).toMatchObject({ mean: same, sd: 0 });
      }),
    );
  });
});
