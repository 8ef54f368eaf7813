import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { forecastMethod, forecastMethods } from '../../src/evaluation/forecast-methods.js';
import { type SeriesPair, scoreForecasts } from '../../src/evaluation/forecast-scores.js';

const forecast = (name: string, past: number[], steps: number, season = 1) => [
  ...forecastMethod(name).forecast(Float64Array.from(past), steps, season),
];

describe('each forecast by its rule', () => {
  const past = [2, 4, 9, 5];

  test.each([
    ['naive', [5, 5, 5]],
    ['seasonal-naive', [9, 5, 9]],
    ['mean', [5, 5, 5]],
    // From 2 to 5 in three steps: one more each.
    ['drift', [6, 7, 8]],
    ['zero-change', [0, 0, 0]],
  ])('%s', (name, expected) => {
    expect(forecast(name, past, 3, 2)).toEqual(expected);
  });

  it('a series that is too short for its rule stays where it is', () => {
    expect(forecast('seasonal-naive', [7], 2, 3)).toEqual([7, 7]);
    expect(forecast('drift', [7], 2)).toEqual([7, 7]);
  });

  it('an unknown name is answered with the nearest one', () => {
    expect(() => forecastMethod('seasonal_naive')).toThrowError(
      expect.objectContaining({ code: 'LEARNER_UNKNOWN', why: expect.stringContaining('seasonal-naive') }),
    );
  });
});

const pair = (name: string, past: number[], future: number[]): SeriesPair => ({
  name,
  past: Float64Array.from(past),
  future: Float64Array.from(future),
});

it('the scores of M4: over the steps of each series, and then the mean over the series, however long each is', () => {
  const series = [pair('a', [1, 3, 2, 6], [6, 3]), pair('b', [10, 20, 20], [10, 20, 60, 30])];
  // a: 200 (0 + 3 / 9) / 2 = 33.333; b: 200 (10 / 30 + 0 + 40 / 80 + 10 / 50) / 4 = 51.667
  // Scale with a season of 2, a: (|2 - 1| + |6 - 3|) / 2 = 2; b: |20 - 10| / 1 = 10. Errors: 1.5 and 15.
  const { smape, mase, without_mase } = scoreForecasts(series, forecastMethod('naive'), 2);
  expect(smape).toBeCloseTo((100 / 3 + 155 / 3) / 2, 12);
  expect(mase).toBeCloseTo((1.5 / 2 + 15 / 10) / 2, 12);
  expect(without_mase).toBe(0);
});

it('a series without a scale is counted and left out of MASE; the others keep theirs', () => {
  const series = [pair('a', [1, 3, 2, 6], [6, 3]), pair('flat', [4, 4, 4], [5]), pair('short', [4], [5])];
  const found = scoreForecasts(series, forecastMethod('naive'), 2);
  expect(found).toMatchObject({ mase: 0.75, without_mase: 2 });
  expect(scoreForecasts(series.slice(1), forecastMethod('naive'), 2).mase).toBeNaN();
});

it('every forecast moves with the series, but for zero', () => {
  const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(
      numbers,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 12 }),
      (past, steps, season) => {
        for (const { name } of forecastMethods) {
          const plain = forecast(name, past, steps, season);
          const moved = forecast(
            name,
            past.map((value) => value + 256),
            steps,
            season,
          );
          const by = name === 'zero-change' ? 0 : 256;
          for (const [i, value] of plain.entries()) expect(moved[i]).toBeCloseTo(value + by, 8);
        }
      },
    ),
  );
});
