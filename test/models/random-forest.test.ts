import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import type { FitContext, FittedModel, Task, TrainingData } from '../../src/models/learner.js';
import { randomForest } from '../../src/models/random-forest.js';
import { aucOf, creditData, rmseOf, sameBytes } from './credit-data.js';

/** scikit-learn's scores on the same rows; `vectors/trees.py` writes them. */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'trees.json'), 'utf8'));

function fitModel(
  data: TrainingData,
  task: Task,
  hyper: Record<string, unknown> = {},
  context: Partial<FitContext> = {},
): Promise<FittedModel> {
  return randomForest.fit(data, task, resolveHyper(randomForest, hyper), { seed: 0, threads: 2, ...context });
}

test('credit default: the AUC of scikit-learn with leaves of 10, above its default', async () => {
  const { train, test: held } = creditData();
  const model = await fitModel(train, 'binary');
  const scores = model.predict(held.x, held.rowCount);
  const auc = aucOf(scores, held.y);
  expect(auc).toBeGreaterThan(reference.binary_auc.rf);
  expect(Math.abs(auc - reference.binary_auc.rf_min_leaf_10)).toBeLessThan(0.004);
  expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
});

test('credit limit as a number: the RMSE of scikit-learn', async () => {
  const { train, test: held } = creditData({ from: 2, target: (row) => row[1] / 1e5 });
  const model = await fitModel(train, 'regression', { trees: 30 });
  const rmse = rmseOf(model.predict(held.x, held.rowCount), held.y);
  expect(Math.abs(rmse / reference.regression_rmse.rf_30 - 1)).toBeLessThan(0.015);
});

const small = creditData({ rowLimit: 2000 });

test('the same bytes for any number of threads, others for another seed', async () => {
  for (const task of ['binary', 'regression'] as const) {
    const one = await fitModel(small.train, task, { trees: 25 }, { threads: 1 });
    const three = await fitModel(small.train, task, { trees: 25 }, { threads: 3 });
    const seeded = await fitModel(small.train, task, { trees: 25 }, { seed: 1 });
    expect(three.save()).toEqual(one.save());
    expect(seeded.save()).not.toEqual(one.save());
  }
});

test('a saved forest predicts the same bytes, row by row', async () => {
  const { train, test: held } = small;
  const model = await fitModel(train, 'binary', { trees: 25 });
  const loaded = await randomForest.load(model.save(), 'binary', train.names.length);
  const wanted = model.predict(held.x, held.rowCount);
  const alone = Float64Array.from(wanted.keys(), (row) => {
    const width = train.names.length;
    return loaded.predict(held.x.subarray(row * width, (row + 1) * width), 1)[0];
  });
  expect(sameBytes(alone, wanted)).toBe(true);
});

test('missing values tell when they are the only sign', async () => {
  const rowCount = 400;
  const x = Float64Array.from({ length: rowCount }, (_, i) => (i % 4 === 0 ? Number.NaN : (i * 7) % 10));
  const y = Float64Array.from({ length: rowCount }, (_, i) => Number(i % 4 === 0));
  const model = await fitModel({ x, y, rowCount, names: ['f'] }, 'binary', { trees: 20 });
  expect([...model.predict(Float64Array.of(Number.NaN, 3, -99, 99), 4)]).toEqual([1, 0, 0, 0]);
});

test('leaves, depth and the number of features drawn obey their options', async () => {
  const nodes = async (hyper: Record<string, unknown>) => {
    const { tensors } = (await fitModel(small.train, 'binary', { trees: 10, ...hyper })).save();
    return { feature: tensors['feature'].data, cover: tensors['cover'].data };
  };
  const large = await nodes({ min_leaf: 40 });
  expect(large.feature.every((feature, node) => feature >= 0 || large.cover[node] >= 40)).toBe(true);
  expect((await nodes({ max_depth: 1 })).feature.length).toBe(30);
  // Drawn from all features, the first split is the same in most trees; drawn from one, it is not.
  const roots = async (max_features: string | number) =>
    new Set((await nodes({ max_depth: 1, max_features })).feature);
  expect((await roots('all')).size).toBeLessThanOrEqual(3);
  expect((await roots(1)).size).toBeGreaterThan(4);
});

test('each tree is reported, whichever thread grew it', async () => {
  const steps: number[] = [];
  await fitModel(
    small.train,
    'binary',
    { trees: 9 },
    { threads: 4, onStep: ({ step, of }) => steps.push(step / of) },
  );
  expect(steps).toEqual(Array.from({ length: 9 }, (_, i) => (i + 1) / 9));
});

test('odd tables end, with finite predictions', async () => {
  const cases: [number[], number[]][] = [
    [
      [1, 2, 3],
      [0, 1, 1],
    ],
    [
      [4, 4, 4, 4],
      [0, 1, 0, 1],
    ],
    [
      [Number.NaN, Number.NaN, Number.NaN],
      [0, 1, 1],
    ],
    [
      [1, 2, 3],
      [1, 1, 1],
    ],
    [[5], [1]],
  ];
  for (const [x, y] of cases) {
    for (const task of ['binary', 'regression'] as const) {
      const data = { x: Float64Array.from(x), y: Float64Array.from(y), rowCount: y.length, names: ['f'] };
      const model = await fitModel(data, task, { trees: 5, min_leaf: 1 });
      expect(model.predict(data.x, data.rowCount).every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(() => randomForest.load(model.save(), task, 1)).not.toThrow();
    }
  }
});
