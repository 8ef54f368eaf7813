import { RandomForestClassifier, RandomForestRegression } from 'ml-random-forest';
import { expect, test } from 'vitest';
import { learnerFor } from '../../src/models/all.js';
import { resolveHyper } from '../../src/models/hyper.js';
import type { TrainingData } from '../../src/models/learner.js';
import { growTrees } from '../../src/models/ml-random-forest.js';
import { numberBelow, type PackageTree } from '../../src/models/ml-random-forest-trees.js';
import { seededRandom } from '../../src/util/random.js';

const learner = learnerFor('random-forest', 'ml-random-forest');
const context = { seed: 3, threads: 2 };

/** A class that depends on two of three features, with noise; the numbers are coarse, so that rows lie on the thresholds. */
function makeData(rowCount: number, seed: number): TrainingData {
  const random = seededRandom(seed);
  const x = Float64Array.from({ length: rowCount * 3 }, () => Math.round(random() * 20) / 4);
  const y = Float64Array.from({ length: rowCount }, (_, row) => {
    const chance = 1 / (1 + Math.exp(-2 * (x[3 * row] - x[3 * row + 1])));
    return random() < chance ? 1 : 0;
  });
  return {
    ...{ x, y, rowCount, weights: null, previous: null, validation: null },
    ...{ names: ['a', 'b', 'c'], categories: new Int32Array(3), classCount: 2 },
  };
}

const data = makeData(150, 1);
const rowsOf = ({ x, rowCount }: TrainingData) =>
  Array.from({ length: rowCount }, (_, row) => [...x.subarray(3 * row, 3 * row + 3)]);

/** The package's own forest of these trees, put together by its own loader. */
function packageForest(trees: PackageTree[], task: 'binary' | 'regression') {
  const [kind, tree] =
    task === 'binary' ? ['RFClassifier', 'DTClassifier'] : ['RFRegression', 'DTRegression'];
  const estimators = trees.map(({ root }) => ({
    name: tree,
    options: {},
    root: JSON.parse(JSON.stringify(root)),
  }));
  const baseModel = {
    isClassifier: task === 'binary',
    nEstimators: trees.length,
    indexes: trees.map(({ features }) => features),
    estimators,
  };
  const Forest = task === 'binary' ? RandomForestClassifier : RandomForestRegression;
  return Forest.load({ name: kind, baseModel, selectionMethod: 'mean' } as never);
}

const share = (votes: number[]) => votes.reduce((sum, vote) => sum + vote, 0) / votes.length;

test("answers as the package does: the share of its trees' votes", async () => {
  const hyper = resolveHyper(learner, { trees: 9, min_rows: 3, max_features: 0.67 });
  const forest = packageForest(await growTrees(data, 'binary', hyper, context), 'binary');
  const votes = forest.predictionValues(rowsOf(data));
  const wanted = rowsOf(data).map((_, row) => share(votes.getRow(row)));

  const model = await learner.fit(data, 'binary', hyper, context);
  const found = model.predict(data.x, data.rowCount);
  expect([...found]).toEqual(wanted);
  expect(forest.predict(rowsOf(data))).toEqual([...found].map((probability) => Number(probability > 0.5)));
  expect(new Set(found).size).toBeGreaterThan(5);
});

test('answers as the package does: the mean of its trees', async () => {
  const amounts = { ...data, y: data.y.map((y, row) => 100 * y + data.x[3 * row + 2] ** 2) };
  const hyper = resolveHyper(learner, { trees: 7, max_features: 1 });
  const wanted = packageForest(await growTrees(amounts, 'regression', hyper, context), 'regression').predict(
    rowsOf(data),
  );
  const found = (await learner.fit(amounts, 'regression', hyper, context)).predict(data.x, data.rowCount);
  for (const [row, value] of wanted.entries())
    expect(Math.abs(found[row] - value)).toBeLessThanOrEqual(1e-12 * Math.abs(value));
});

test('ranks new rows well with its defaults, says each tree, and repeats itself', async () => {
  const steps: number[] = [];
  const hyper = resolveHyper(learner, {});
  const onStep = ({ step, of }: { step: number; of: number }) => steps.push(of - step);
  const model = await learner.fit(data, 'binary', hyper, { ...context, onStep });
  expect(steps).toEqual(Array.from({ length: 50 }, (_, i) => 49 - i));
  const unseen = makeData(400, 2);
  const scores = model.predict(unseen.x, unseen.rowCount);
  let [won, pairs] = [0, 0];
  for (let i = 0; i < 400; i++) {
    for (let j = 0; j < 400; j++) {
      if (unseen.y[i] <= unseen.y[j]) continue;
      pairs++;
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
    }
  }
  expect(won / pairs).toBeGreaterThan(0.85);
  expect((await learner.fit(data, 'binary', hyper, context)).save()).toEqual(model.save());
  expect((await learner.fit(data, 'binary', hyper, { ...context, seed: 4 })).save()).not.toEqual(
    model.save(),
  );
});

test('says in words what it cannot take', async () => {
  const hyper = resolveHyper(learner, {});
  await expect(learner.fit(makeData(5001, 1), 'binary', hyper, context)).rejects.toThrow(
    /not given 5001 rows .* only up to 5000/,
  );
  const holes = { ...data, x: data.x.with(4, Number.NaN) };
  await expect(learner.fit(holes, 'binary', hyper, context)).rejects.toThrow(
    /feature "b", which has a missing value/,
  );
});

test('x < value is x <= the number below value', () => {
  for (const value of [1, -1, 0, -0, 5e-324, -5e-324, 1e308, Number.POSITIVE_INFINITY, 0.1, -0.1]) {
    const below = numberBelow(value);
    expect(below < value).toBe(true);
    const between = below + (value - below) / 2;
    expect(Number.isFinite(value) ? between === below || between === value : true).toBe(true);
  }
});
