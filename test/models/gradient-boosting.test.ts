import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RiskopsError } from '../../src/errors.js';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import type { TrainingData } from '../../src/models/learner.js';
import { fitBoosting as fitModel, tableOf } from './boosting-data.js';
import { aucOf, creditData, rmseOf, sameBytes } from './credit-data.js';

/** scikit-learn's scores on the same rows; `vectors/trees.py` writes them. */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'trees.json'), 'utf8'));

const credit = creditData();

test('credit default: the AUC of scikit-learn, with the defaults and without a penalty', async () => {
  const { train, test: held } = credit;
  const scores = (await fitModel(train, 'binary')).predict(held.x, held.rowCount);
  const auc = aucOf(scores, held.y);
  expect(auc).toBeGreaterThanOrEqual(0.785);
  expect(Math.abs(auc - reference.binary_auc.hgb_l2_1)).toBeLessThan(0.003);
  expect(scores.every((score) => score > 0 && score < 1)).toBe(true);

  const plain = await fitModel(train, 'binary', { l2: 0 });
  expect(
    Math.abs(aucOf(plain.predict(held.x, held.rowCount), held.y) - reference.binary_auc.hgb),
  ).toBeLessThan(0.003);
});

test('credit default with a seventh of the cells missing: the AUC of scikit-learn, nothing filled in', async () => {
  const aucs = [0, 1, 2].map(async (shift) => {
    const cell = (value: number, row: number, column: number) =>
      (row + 3 * column + shift) % 7 === 0 ? Number.NaN : value;
    const { train, test: held } = creditData({ cell });
    const model = await fitModel(train, 'binary', { l2: 0, trees: 40 });
    return aucOf(model.predict(held.x, held.rowCount), held.y);
  });
  // Which cells are missing moves a single AUC by .002 in both programs, so it is the means that are compared.
  const mean = (await Promise.all(aucs)).reduce((sum, auc) => sum + auc, 0) / 3;
  expect(Math.abs(mean - reference.binary_auc.hgb_missing)).toBeLessThan(0.003);
});

test('credit limit as a number: the RMSE of scikit-learn', async () => {
  const { train, test: held } = creditData({ from: 2, target: (row) => row[1] / 1e5, classCount: 0 });
  const model = await fitModel(train, 'regression');
  const rmse = rmseOf(model.predict(held.x, held.rowCount), held.y);
  expect(rmse).toBeLessThan(reference.regression_rmse.hgb * 1.01);
  expect(rmse).toBeGreaterThan(reference.regression_rmse.hgb * 0.97);
});

const small = creditData({ rowLimit: 2000 });

const shapeOf = ({ names, categories, classCount }: TrainingData) => ({
  featureCount: names.length,
  categories,
  classCount,
});

test('the same data give the same bytes; a saved model predicts the same bytes, row by row', async () => {
  const { train, test: held } = small;
  const first = await fitModel(train, 'binary', { trees: 30 });
  const second = await fitModel(train, 'binary', { trees: 30 }, { threads: 2, seed: 7 });
  expect(second.save()).toEqual(first.save());

  const loaded = await gradientBoosting.load(first.save(), 'binary', shapeOf(train));
  const wanted = first.predict(held.x, held.rowCount);
  const alone = Float64Array.from(wanted.keys(), (row) => {
    const width = train.names.length;
    return loaded.predict(held.x.subarray(row * width, (row + 1) * width), 1)[0];
  });
  expect(sameBytes(alone, wanted)).toBe(true);
});

test('each tree is reported with the training loss, which falls', async () => {
  const steps: { step: number; of: number; metrics: Record<string, number> }[] = [];
  const model = await fitModel(
    small.train,
    'binary',
    { trees: 10 },
    { onStep: (progress) => steps.push(progress) },
  );
  expect(steps.map(({ step, of }) => [step, of])).toEqual(Array.from({ length: 10 }, (_, i) => [i + 1, 10]));
  const losses = steps.map(({ metrics }) => metrics['loss']);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  const { x, y, rowCount } = small.train;
  const logLoss =
    model.predict(x, rowCount).reduce((sum, p, i) => sum - Math.log(y[i] === 1 ? p : 1 - p), 0) / rowCount;
  expect(losses[9]).toBeCloseTo(logLoss, 12);
});

test('odd tables end, with finite predictions', async () => {
  const table = (columns: number[][], y: number[]) =>
    tableOf(
      y.map((_, row) => columns.map((column) => column[row])),
      y,
      { classCount: 2 },
    );
  const cases = [
    table([[1, 2, 3]], [0, 1, 1]),
    table([[4, 4, 4, 4]], [0, 1, 0, 1]),
    table([[Number.NaN, Number.NaN, Number.NaN]], [0, 1, 1]),
    table([[1, 2, 3]], [1, 1, 1]),
    table([[1, 2, 3]], [0, 0, 0]),
    table([[-1e308, 0, 1e308, Number.MAX_VALUE]], [0, 0, 1, 1]),
  ];
  for (const data of cases) {
    for (const task of ['binary', 'regression'] as const) {
      const model = await fitModel(data, task, { trees: 50, min_leaf: 1, l2: 0, learning_rate: 1 });
      expect(model.predict(data.x, data.rowCount).every(Number.isFinite)).toBe(true);
      expect(() => gradientBoosting.load(model.save(), task, shapeOf(data))).not.toThrow();
    }
  }
});

async function refusalOf(data: TrainingData): Promise<RiskopsError> {
  const error = await fitModel(data, 'binary').catch((reason) => reason);
  expect(error).toBeInstanceOf(RiskopsError);
  expect(error.code).toBe('TRAINING_FAILED');
  return error;
}

test('too many features, and infinite ones, are refused in words', async () => {
  const names = Array.from({ length: 32_768 }, (_, j) => `f${j}`);
  const wide = tableOf([names.map(() => 0), names.map(() => 1)], [0, 1], { names, classCount: 2 });
  expect((await refusalOf(wide)).message).toBe('Trees take at most 32767 features, and there are 32768.');

  const cells = [
    [1, 2],
    [3, Number.NEGATIVE_INFINITY],
  ];
  const infinite = tableOf(cells, [0, 1], { names: ['a', 'b'], classCount: 2 });
  expect((await refusalOf(infinite)).message).toBe('The feature "b" is infinite in training row 2.');
});

test('the event loop keeps turning while trees grow', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 5);
  await fitModel(credit.train, 'binary', { trees: 40 });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(10);
});
