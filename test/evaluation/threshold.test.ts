import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfusionMetricName } from '../../src/evaluation/class-metrics.js';
import { measure, metricNamed } from '../../src/evaluation/metrics.js';
import { chooseThreshold, costThreshold } from '../../src/evaluation/threshold.js';

const names: ConfusionMetricName[] = ['accuracy', 'balanced_accuracy', 'precision', 'recall', 'f1'];

const rows = fc.array(
  fc.record({
    label: fc.constantFrom(0, 1),
    score: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.1, 0.5, 0.9, 1)),
  }),
  { minLength: 1, maxLength: 30 },
);

describe('chooseThreshold', () => {
  it('finds the best of all thresholds, and says what it is worth', () => {
    fc.assert(
      fc.property(rows, fc.constantFrom(...names), (data, name) => {
        const target = Float64Array.from(data, ({ label }) => label);
        const scores = Float64Array.from(data, ({ score }) => score);
        const valueAt = (threshold: number) => measure(metricNamed(name), target, scores, { threshold });
        const { threshold, value } = chooseThreshold(target, scores, { maximise: name });
        expect(value).toBe(valueAt(threshold));
        // Every way to cut the scores in two: at each score, and above them all where a threshold up to 1 can be.
        const cuts = scores.includes(1) ? [...scores] : [...scores, 1];
        expect(value).toBe(Math.max(...cuts.map(valueAt)));
        expect(threshold).toBeGreaterThanOrEqual(0);
        expect(threshold).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('lies half-way between two scores, and nearest to one half when several are equal', () => {
    const target = Float64Array.of(0, 0, 1, 1);
    const between = chooseThreshold(target, Float64Array.of(0.1, 0.2, 0.4, 0.9), { maximise: 'f1' });
    expect(between.threshold).toBeCloseTo(0.3, 15);
    const constant = chooseThreshold(target, new Float64Array(4).fill(0.3), {
      maximise: 'balanced_accuracy',
    });
    expect(constant).toEqual({ threshold: 0.65, value: 0.5 });
  });

  it('separates neighbouring doubles, whose middle rounds to one of them', () => {
    const [a, b, c] = [0.3, 0.3 + 2 ** -54, 0.3 + 2 ** -53];
    for (const [low, high] of [
      [a, b],
      [b, c],
    ]) {
      const chosen = chooseThreshold(Float64Array.of(0, 1), Float64Array.of(low, high), {
        maximise: 'accuracy',
      });
      expect(chosen).toEqual({ threshold: high, value: 1 });
    }
  });
});

describe('costThreshold', () => {
  const costs = fc
    .tuple(fc.constantFrom(0, 1, 2.5, 40), fc.constantFrom(0, 1, 7.25))
    .filter(([a, b]) => a + b > 0);

  it('costs the least of all thresholds, to the last bit, also where all rows are of one class', () => {
    fc.assert(
      fc.property(rows, costs, (data, [falsePositive, falseNegative]) => {
        const target = Float64Array.from(data, ({ label }) => label);
        const scores = Float64Array.from(data, ({ score }) => score);
        const costAt = (threshold: number) => {
          let [wrongOnes, wrongZeros] = [0, 0];
          for (const [row, score] of scores.entries()) {
            if (score >= threshold && target[row] === 0) wrongOnes++;
            if (score < threshold && target[row] === 1) wrongZeros++;
          }
          return falsePositive * wrongOnes + falseNegative * wrongZeros;
        };
        const found = costThreshold(target, scores, { falsePositive, falseNegative });
        expect(found.cost).toBe(costAt(found.threshold));
        const cuts = scores.includes(1) ? [...scores] : [...scores, 1];
        expect(found.cost).toBe(Math.min(...cuts.map(costAt)));
        expect(found.threshold >= 0 && found.threshold <= 1).toBe(true);
      }),
    );
  });

  it('moves with the costs, and of equal costs is the nearest to one half', () => {
    const target = Float64Array.of(0, 0, 1, 0, 1, 1);
    const scores = Float64Array.of(0.1, 0.3, 0.4, 0.6, 0.7, 0.9);
    const dearMisses = costThreshold(target, scores, { falsePositive: 1, falseNegative: 10 });
    expect(dearMisses).toEqual({ threshold: 0.35, cost: 1 });
    const dearAlarms = costThreshold(target, scores, { falsePositive: 10, falseNegative: 1 });
    expect(dearAlarms).toEqual({ threshold: expect.closeTo(0.65, 12), cost: 1 });
    const onlyZeros = costThreshold(new Float64Array(3), Float64Array.of(0.2, 0.3, 0.4), {
      falsePositive: 2,
      falseNegative: 1,
    });
    expect(onlyZeros).toEqual({ threshold: 0.7, cost: 0 });
  });

  it('is where the costs are even when there are no rows, and refuses costs that decide nothing', () => {
    const none = new Float64Array(0);
    expect(costThreshold(none, none, { falsePositive: 1, falseNegative: 4 })).toEqual({
      threshold: 0.2,
      cost: 0,
    });
    for (const [falsePositive, falseNegative] of [
      [0, 0],
      [-1, 2],
      [Number.NaN, 1],
      [1, Number.POSITIVE_INFINITY],
    ]) {
      expect(() => costThreshold(none, none, { falsePositive, falseNegative })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    }
  });
});
