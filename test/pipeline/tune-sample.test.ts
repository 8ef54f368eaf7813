import fc from 'fast-check';
import { expect, it } from 'vitest';
import { metricNamed } from '../../src/evaluation/metrics.js';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import type { HyperOption, Learner } from '../../src/models/learner.js';
import { ridge } from '../../src/models/ridge.js';
import { sampleTrials } from '../../src/pipeline/tune-sample.js';
import { rankTrials, rungsOf } from '../../src/pipeline/tune-search.js';
import type { Trial } from '../../src/pipeline/tune-trial.js';

const withOptions = (options: HyperOption[]): Learner => ({ ...ridge, options });

function take(learner: Learner, count: number, { given = {}, seed = 0 } = {}) {
  const trials = [];
  for (const sampled of sampleTrials(learner, given, seed)) if (trials.push(sampled) >= count) break;
  return trials;
}

it('trial 0 is the defaults with what was given; the same seed draws the same, another seed another', () => {
  const given = { trees: '7' };
  const trials = take(gradientBoosting, 5, { given });
  expect(trials.map(({ trial }) => trial)).toEqual([0, 1, 2, 3, 4]);
  expect(trials[0].hyper).toMatchObject({ trees: 7, learning_rate: 0.1 });
  expect(trials.every(({ hyper }) => hyper['trees'] === 7)).toBe(true);
  expect(take(gradientBoosting, 5, { given })).toEqual(trials);
  expect(take(gradientBoosting, 3, { given })).toEqual(trials.slice(0, 3));
  expect(take(gradientBoosting, 2, { given, seed: 1 })[1]).not.toEqual(trials[1]);
});

it('draws stay in their range, and whole numbers reach both ends about as often as others', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 50 }), fc.boolean());
  fc.assert(
    fc.property(range, fc.boolean(), ([low, more, log], integer) => {
      const high = low + more;
      const search = log ? { low, high, log: true as const } : { low, high };
      const option = { name: 'n', description: '', default: -1, integer, search };
      for (const { hyper } of take(withOptions([option]), 20).slice(1)) {
        expect(hyper['n']).toBeGreaterThanOrEqual(low);
        expect(hyper['n']).toBeLessThanOrEqual(high);
        if (integer) expect(Number.isInteger(hyper['n'])).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
  const search = { low: 1, high: 4 };
  const whole = { name: 'n', description: '', default: 0, integer: true, search };
  const other = { name: 'x', description: '', default: 0, search: { low: 0, high: 1 } };
  const counts = new Map<unknown, number>();
  for (const { hyper } of take(withOptions([whole, other]), 1001).slice(1))
    counts.set(hyper['n'], (counts.get(hyper['n']) ?? 0) + 1);
  expect([...counts.values()].every((count) => count > 200 && count < 300)).toBe(true);
});

it('a range by the logarithm gives each power of ten its share', () => {
  const option = {
    name: 'x',
    description: '',
    default: 0,
    search: { low: 1e-3, high: 1e3, log: true as const },
  };
  const drawn = take(withOptions([option]), 601).slice(1);
  const below = drawn.filter(({ hyper }) => Number(hyper['x']) < 1).length;
  expect(below).toBeGreaterThan(260);
  expect(below).toBeLessThan(340);
});

it('no setting is tried twice, and a search ends when all were', () => {
  const values = ['a', 'b', 'c'];
  const option = { name: 'kind', description: '', default: 'a', choices: values, search: { values } };
  const trials = take(withOptions([option]), 100);
  expect(trials.map(({ hyper }) => hyper['kind']).sort()).toEqual(values);
});

it('nothing to search is an error that names what could be', () => {
  expect(() => take(ridge, 1, { given: { alpha: 1 } })).toThrowError(
    expect.objectContaining({ code: 'OPTION_INVALID', why: expect.stringContaining('alpha') }),
  );
});

it('the rungs of a halving: a third goes on with three times as much, up to all of it', () => {
  const shares = (count: number) => rungsOf(count).map(({ count: n, share }) => [n, Math.round(1 / share)]);
  expect(shares(27)).toEqual([
    [27, 9],
    [9, 3],
    [3, 1],
  ]);
  expect(shares(9)).toEqual(
    shares(27)
      .slice(0)
      .map(([n, part]) => [Math.ceil(n / 3), part]),
  );
  expect(shares(5)).toEqual([
    [5, 3],
    [2, 1],
  ]);
  expect(shares(2)).toEqual([[2, 1]]);
});

it('what got more of the resource ranks first, then the better metric, then the earlier trial; failures are in no rank', () => {
  const trials = [
    { trial: 0, share: 1, value: 0.7 },
    { trial: 1, share: 1 / 9, value: 0.9 },
    { trial: 2, share: 1, value: null },
    { trial: 3, share: 1, value: 0.8 },
    { trial: 4, share: 1, value: 0.7 },
  ] as Trial[];
  const order = (metric: string) => rankTrials(trials, metricNamed(metric)).map(({ trial }) => trial);
  expect(order('auc')).toEqual([3, 0, 4, 1]);
  expect(order('rmse')).toEqual([0, 4, 3, 1]);
});
