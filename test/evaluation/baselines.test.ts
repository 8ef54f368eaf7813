import { expect, it } from 'vitest';
import { baselineNames, naiveBaselines } from '../../src/evaluation/baselines.js';

const trainingTarget = Float64Array.of(1, 2, 9, 4);
const holdoutTarget = Float64Array.of(7, 8, 6);

function predictions(task: 'binary' | 'regression', rows: Parameters<typeof naiveBaselines>[1]) {
  return Object.fromEntries(
    naiveBaselines(task, rows).map(({ name, predictions }) => [name, [...predictions]]),
  );
}

it('regression: mean and median of the training rows alone', () => {
  const found = predictions('regression', { trainingTarget, holdoutTarget });
  expect(found).toEqual({ mean: [4, 4, 4], median: [3, 3, 3] });
});

it('regression in time order: the last value, and walk-forward the value before', () => {
  const found = predictions('regression', { trainingTarget, holdoutTarget, inTimeOrder: true });
  expect(found).toMatchObject({ 'last value': [4, 4, 4], 'previous value': [4, 7, 8] });
  expect(Object.keys(found)).toEqual(baselineNames('regression'));
});

it('binary: the share of positives among the training rows', () => {
  const rows = { trainingTarget: Float64Array.of(0, 1, 0, 0), holdoutTarget: Float64Array.of(1, 1) };
  expect(predictions('binary', { ...rows, inTimeOrder: true })).toEqual({ prior: [0.25, 0.25] });
});
