import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConfusionMetricName } from '../../src/evaluation/class-metrics.js';
import { measure, metricNamed } from '../../src/evaluation/metrics.js';
import { chooseThreshold } from '../../src/evaluation/threshold.js';

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
