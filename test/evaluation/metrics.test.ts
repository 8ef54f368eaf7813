import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calibrationTable } from '../../src/evaluation/calibration.js';
import {
  checkMetricOn,
  evaluate,
  measure,
  metricNamed,
  metrics,
  prepareMetric,
} from '../../src/evaluation/metrics.js';
import { makeSample, outputsOf, type Task } from '../../src/evaluation/sample.js';

interface Case {
  name: string;
  task: Task;
  target: number[];
  predictions: number[];
  threshold?: number;
  trainingTarget?: number[];
  season?: number;
  quantile?: number;
  weights?: number[];
  calibration?: [number, number][];
  values: Record<string, number | null>;
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/metrics.json'), 'utf8'));
const cases: Case[] = vectors.cases;

function sampleOf({ task, target, predictions, trainingTarget, ...options }: Case) {
  const training = trainingTarget && { trainingTarget: Float64Array.from(trainingTarget) };
  const [y, p] = [Float64Array.from(target), Float64Array.from(predictions)];
  return makeSample(y, p, { ...options, ...training, outputs: outputsOf(task, y, p) });
}

/** Equal to 1e-9, relative where the value is large; null stands for NaN. */
function expectEqual(actual: number, expected: number | null, what: string): void {
  if (expected === null) expect(actual, what).toBeNaN();
  else expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

// But for mape of a target of 0, which scikit-learn divides by 2^-52 and for which we have no number.
describe(`metrics equal scikit-learn ${vectors.versions.sklearn}`, () => {
  it.each(cases)('$task: $name', (one) => {
    const sample = sampleOf(one);
    const weights = one.weights
      ? Float64Array.from(one.weights)
      : new Float64Array(one.target.length).fill(1);
    for (const [name, expected] of Object.entries(one.values)) {
      const value = prepareMetric(metricNamed(name, one.task), sample)(weights);
      expectEqual(value, expected, name);
    }
  });

  it('has a reference for every metric', () => {
    for (const metric of metrics) {
      const tested = cases.filter(
        ({ task, values }) => task === metric.task && typeof values[metric.name] === 'number',
      );
      expect(tested.length, `${metric.task} ${metric.name}`).toBeGreaterThan(1);
    }
  });

  it('puts probabilities into the same calibration bins', () => {
    for (const one of cases.filter(({ calibration }) => calibration)) {
      const bins = calibrationTable(Float64Array.from(one.target), Float64Array.from(one.predictions));
      const filled = bins.filter(({ rows }) => rows > 0);
      expect(filled.length, one.name).toBe(one.calibration!.length);
      filled.forEach((bin, i) => {
        expectEqual(bin.meanPrediction, one.calibration![i][0], one.name);
        expectEqual(bin.positiveRate, one.calibration![i][1], one.name);
      });
    }
  });
});

describe('metrics', () => {
  const target = Float64Array.of(0, 1, 1, 0);

  it('are NaN, every one, when a prediction or a target is not finite', () => {
    for (const metric of metrics) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const predictions = Float64Array.of(0.2, bad, 0.8, 0.4);
        const options = { trainingTarget: Float64Array.of(1, 2, 4) };
        expect(measure(metric, target, predictions, options), metric.name).toBeNaN();
        expect(measure(metric, predictions, target, options), metric.name).toBeNaN();
      }
    }
  });

  it('are NaN without rows', () => {
    for (const metric of metrics) {
      expect(measure(metric, new Float64Array(0), new Float64Array(0)), metric.name).toBeNaN();
    }
  });

  it('do not turn the rounding of a mean into a huge r2', () => {
    const constant = new Float64Array(7).fill(0.1);
    const off = Float64Array.of(0.1, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1);
    expect(measure(metricNamed('r2'), constant, off)).toBe(0);
  });

  it('come by name, all of a task at once, and mase only with a series to scale by', () => {
    const binary = evaluate('binary', target, Float64Array.of(0.2, 0.6, 0.4, 0.5), { threshold: 0.45 });
    expect(Object.keys(binary)).toEqual(
      metrics.filter(({ task }) => task === 'binary').map(({ name }) => name),
    );
    expect(binary).toMatchObject({ auc: 0.75, recall: 0.5, accuracy: 0.5 });
    const plain = evaluate('regression', target, target);
    expect(plain).toEqual({ rmse: 0, mae: 0, r2: 1, smape: 0 });
    const apart = Float64Array.of(2, 4, -1);
    expect(evaluate('regression', apart, apart)).toEqual({ rmse: 0, mae: 0, r2: 1, mape: 0, smape: 0 });
    expect(evaluate('regression', target, target, { trainingTarget: target })).toHaveProperty('mase', 0);
    expect(evaluate('regression', target, target, { quantile: 0.9 })).toHaveProperty('pinball', 0);
    const thirds = new Float64Array(12).fill(1 / 3);
    expect(evaluate('multiclass', Float64Array.of(0, 1, 2, 2), thirds)).toEqual({
      log_loss: expect.closeTo(Math.log(3), 12),
      accuracy: 0.25,
      balanced_accuracy: expect.closeTo(1 / 3, 12),
      macro_f1: expect.closeTo(0.4 / 3, 12),
      macro_auc: 0.5,
      brier: expect.closeTo(2 / 3, 12),
    });
  });

  it('that divide by the target are refused where one is 0, which names the rows', () => {
    const rows = Int32Array.of(9, 3, 5, 6);
    const ask = (name: string) => () => checkMetricOn(metricNamed(name), target, rows);
    expect(ask('smape')).not.toThrow();
    expect(ask('mape')).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('0 in 2 of 4 rows'),
        why: 'They are rows 7, 10 of the data.',
        fix: expect.stringContaining('mae or smape'),
      }),
    );
  });

  it('refuse a length that does not fit', () => {
    expect(() => evaluate('binary', target, new Float64Array(3))).toThrow('3 predictions for 4 rows');
    expect(() => evaluate('binary', target, new Float64Array(8))).toThrow('8 predictions for 4 rows');
    expect(() => evaluate('multiclass', target, new Float64Array(14))).toThrow(
      '14 predictions for 4 rows of 3 classes',
    );
  });

  it('name the nearest metric, or the task that a metric is for', () => {
    expect(() => metricNamed('balanced_acuracy')).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        why: expect.stringContaining('"balanced_accuracy"'),
      }),
    );
    expect(() => metricNamed('rmse', 'binary')).toThrow('The metric "rmse" is for regression models.');
    expect(metricNamed('log_loss', 'multiclass')).toMatchObject({ task: 'multiclass', name: 'log_loss' });
    expect(() => metricNamed('ks', 'multiclass')).toThrow('The metric "ks" is for binary models.');
  });
});
