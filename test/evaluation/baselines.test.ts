import { expect, it } from 'vitest';
import {
  type BaselineRows,
  baselineNames,
  naiveBaselines,
  seasonOf,
} from '../../src/evaluation/baselines.js';

const trainingTarget = Float64Array.of(1, 2, 9, 4);
const holdoutTarget = Float64Array.of(7, 8, 6);

function predictions(task: 'binary' | 'multiclass' | 'regression', rows: BaselineRows) {
  return Object.fromEntries(
    naiveBaselines(task, rows).map(({ name, predictions }) => [name, [...predictions]]),
  );
}

it('regression: mean and median of the training rows alone', () => {
  const found = predictions('regression', { trainingTarget, holdoutTarget });
  expect(found).toEqual({ mean: [4, 4, 4], median: [3, 3, 3] });
});

it('regression in time order: zero, the last value, walk-forward the value before and the one a season before', () => {
  const found = predictions('regression', { trainingTarget, holdoutTarget, inTimeOrder: true, season: 2 });
  expect(found).toEqual({
    mean: [4, 4, 4],
    median: [3, 3, 3],
    zero: [0, 0, 0],
    'last value': [4, 4, 4],
    'previous value': [4, 7, 8],
    'seasonal naive': [9, 4, 7],
  });
  const names = baselineNames('regression').filter((name) => name !== 'quantile');
  expect(Object.keys(found)).toEqual(names);
});

it('beside a model of a quantile stands that quantile of the training target, linear between neighbours', () => {
  const found = predictions('regression', { trainingTarget, holdoutTarget, quantile: 0.9 });
  // numpy.quantile of the training target, 1.24.2
  expect(found['quantile']).toEqual([7.500000000000001, 7.500000000000001, 7.500000000000001]);
});

it('there is no seasonal naive without a season, or with less than one season to repeat', () => {
  for (const season of [undefined, null, 1, 5]) {
    const found = predictions('regression', { trainingTarget, holdoutTarget, inTimeOrder: true, season });
    expect(found).not.toHaveProperty('seasonal naive');
  }
});

it('what is predicted two rows ahead sees nothing of the row before', () => {
  const rows = { trainingTarget, holdoutTarget, inTimeOrder: true, horizon: 2 };
  expect(predictions('regression', { ...rows, season: 3 })).toMatchObject({
    'previous value': [9, 4, 7],
    'seasonal naive': [2, 9, 4],
  });
  expect(predictions('regression', { ...rows, horizon: 3, season: 2 })['seasonal naive']).toEqual([1, 2, 9]);
});

it('many series at a time: each by its own past, and one that is new by the training mean, then by its own', () => {
  const rows = {
    trainingTarget: Float64Array.of(1, 10, 2, 20, 3, 30),
    holdoutTarget: Float64Array.of(4, 40, 500, 5, 50, 600),
    inTimeOrder: true,
    series: { training: Int32Array.of(0, 1, 0, 1, 0, 1), holdout: Int32Array.of(0, 1, 2, 0, 1, 2) },
    season: 2,
  };
  expect(predictions('regression', rows)).toMatchObject({
    'last value': [3, 30, 11, 3, 30, 11],
    'previous value': [3, 30, 11, 4, 40, 500],
    'seasonal naive': [2, 20, 11, 3, 30, 500],
  });
});

it('binary: the share of positives among the training rows', () => {
  const rows = { trainingTarget: Float64Array.of(0, 1, 0, 0), holdoutTarget: Float64Array.of(1, 1) };
  expect(predictions('binary', { ...rows, inTimeOrder: true })).toEqual({ prior: [0.25, 0.25] });
});

it('multiclass: the share of each class, for every row', () => {
  const rows = { trainingTarget: Float64Array.of(2, 0, 0, 2), holdoutTarget: Float64Array.of(1, 1) };
  expect(predictions('multiclass', { ...rows, classCount: 3 })).toEqual({
    prior: [0.5, 0, 0.5, 0.5, 0, 0.5],
  });
});

it('the season is told from the usual step: hours, days, weeks, months, quarters, and no guess elsewhere', () => {
  const every = (step: number, count = 40) => Float64Array.from({ length: count }, (_, i) => i * step);
  const hour = 3_600_000;
  const months = (step: number) => Float64Array.from({ length: 30 }, (_, i) => Date.UTC(2020, i * step));
  expect(seasonOf(every(hour))).toBe(24);
  expect(seasonOf(Float64Array.from([...every(hour), ...every(hour)].reverse()))).toBe(24);
  expect(seasonOf(every(24 * hour))).toBe(7);
  expect(seasonOf(every(168 * hour))).toBe(52);
  expect([seasonOf(months(1)), seasonOf(months(3)), seasonOf(months(12))]).toEqual([12, 4, null]);
  expect([every(1), every(0), every(hour, 1), every(hour, 0)].map(seasonOf)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
