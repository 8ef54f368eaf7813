import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import type { FitContext, FittedModel, ModelShape, Task, TrainingData } from '../../src/models/learner.js';
import { randomForest } from '../../src/models/random-forest.js';
import { seededRandom } from '../../src/util/random.js';
import { aucOf, creditData, rmseOf, sameBytes } from './credit-data.js';

/** scikit-learn's answers on the same rows; `vectors/trees.py` and `vectors/forest.py` write them. */
const readVectors = (name: string) =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', name), 'utf8'));
const reference = readVectors('trees.json');
const forests = readVectors('forest.json');

function fitModel(
  data: TrainingData,
  task: Task,
  hyper: Record<string, unknown> = {},
  context: Partial<FitContext> = {},
): Promise<FittedModel> {
  return randomForest.fit(data, task, resolveHyper(randomForest, hyper), { seed: 0, threads: 2, ...context });
}

const shapeOf = ({ names, categories, classCount }: TrainingData): ModelShape => ({
  featureCount: names.length,
  categories,
  classCount,
});

/** A table of columns; `categories` as in the training data. */
function tableOf(
  columns: number[][],
  y: number[],
  { classCount = 2, categories = [] as number[], weights = null as number[] | null } = {},
): TrainingData {
  const rowCount = y.length;
  return {
    x: Float64Array.from(
      { length: rowCount * columns.length },
      (_, i) => columns[i % columns.length][Math.floor(i / columns.length)],
    ),
    y: Float64Array.from(y),
    rowCount,
    names: columns.map((_, j) => `f${j}`),
    categories: Int32Array.from(columns, (_, j) => categories[j] ?? 0),
    classCount,
    weights: weights && Float64Array.from(weights),
    previous: null,
    validation: null,
  };
}

const credit = creditData();

test('credit default: the AUC and the importances of scikit-learn with leaves of 10, above its default', async () => {
  const { train, test: held } = credit;
  const model = await fitModel(train, 'binary');
  const scores = model.predict(held.x, held.rowCount);
  const auc = aucOf(scores, held.y);
  expect(auc).toBeGreaterThan(reference.binary_auc.rf);
  expect(Math.abs(auc - reference.binary_auc.rf_min_leaf_10)).toBeLessThan(0.004);
  expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);

  const importances = model.importances!();
  expect(importances.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  for (const [j, wanted] of forests.importances.entries())
    expect(Math.abs(importances[j] - wanted)).toBeLessThan(0.03);
});

test('credit limit as a number: the RMSE of scikit-learn', async () => {
  const { train, test: held } = creditData({ from: 2, target: (row) => row[1] / 1e5, classCount: 0 });
  const model = await fitModel(train, 'regression', { trees: 30 });
  const rmse = rmseOf(model.predict(held.x, held.rowCount), held.y);
  expect(Math.abs(rmse / reference.regression_rmse.rf_30 - 1)).toBeLessThan(0.015);
});

test('age in four bands: the log loss of scikit-learn, probabilities that sum to 1, contributions that add up', async () => {
  const band = (row: number[]) => [30, 40, 50].filter((from) => row[5] >= from).length;
  const cell = (value: number, _row: number, column: number) => (column === 4 ? 0 : value);
  const { train, test: held } = creditData({ target: band, classCount: 4, cell });
  const model = await fitModel(train, 'multiclass', { trees: 50 });
  const shares = model.predict(held.x, held.rowCount);
  let loss = 0;
  for (let row = 0; row < held.rowCount; row++) {
    const own = shares.subarray(4 * row, 4 * row + 4);
    expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    loss -= Math.log(own[held.y[row]]) / held.rowCount;
  }
  expect(Math.abs(loss / forests.age_log_loss - 1)).toBeLessThan(0.01);

  const { base, contributions } = model.explain!(held.x, 2);
  const width = train.names.length;
  for (let at = 0; at < 8; at++) {
    const parts = contributions.subarray(at * width, (at + 1) * width);
    expect(parts.reduce((sum, value) => sum + value, base[at % 4])).toBeCloseTo(shares[at], 9);
  }
});

/** A hash of all tensors: what differs is seen at once, and not printed number by number. */
function hashOf(model: FittedModel): string {
  const hash = createHash('sha256');
  for (const [name, { data, shape }] of Object.entries(model.save().tensors)) {
    hash.update(`${name} ${shape} `);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** Rows with missing values, category cells that training never saw, many categories, and a weight each. */
function mixedTable(task: Task, seed: number, rowCount = 700): TrainingData {
  const random = seededRandom(seed);
  const column = (draw: () => number, missing: number) =>
    Array.from({ length: rowCount }, () => (random() < missing ? Number.NaN : draw()));
  const columns = [
    column(() => random() ** 3, 0.1),
    column(() => Math.floor(random() * 4), 0),
    column(() => Math.floor(random() * 400) - 1, 0.05),
    column(() => Math.floor(random() * 5), 0.2),
    column(random, 0),
    column(() => 7, 0),
  ];
  const signal = columns[0].map(
    (value, i) => (value || 0.3) + (Math.abs(columns[2][i] * 7) % 3 || 1) / 3 + 0.4 * random(),
  );
  const classes = { regression: 0, binary: 2, multiclass: 3 }[task];
  const y = signal.map((value) =>
    classes === 0 ? Math.round(value * 1e6) : Math.min(classes - 1, Math.floor(value * (classes - 0.7))),
  );
  const weights = y.map(() => 0.2 + 3 * random());
  return tableOf(columns, y, { classCount: classes, categories: [0, 0, 399, 5, 0, 0], weights });
}

const tasks = ['binary', 'multiclass', 'regression'] as const;

for (const task of tasks) {
  test(`${task}: the same bytes for any number of threads, with WebAssembly and without, others for another seed`, async () => {
    const data = mixedTable(task, 1);
    for (const hyper of [
      { trees: 15, min_leaf: 1 },
      { trees: 15, min_leaf: 3, leaves: 40, max_features: 'all' },
    ]) {
      const one = hashOf(await fitModel(data, task, hyper, { threads: 1 }));
      expect(hashOf(await fitModel(data, task, hyper, { threads: 3 }))).toBe(one);
      expect(hashOf(await fitModel(data, task, hyper, { kernels: 'js' }))).toBe(one);
      expect(hashOf(await fitModel(data, task, hyper, { seed: 1 }))).not.toBe(one);
    }
  });

  test(`${task}: a saved forest predicts the same bytes, row by row`, async () => {
    const data = mixedTable(task, 2);
    const model = await fitModel(data, task, { trees: 15 });
    const loaded = await randomForest.load(model.save(), task, shapeOf(data));
    const alone = Array.from({ length: data.rowCount }, (_, row) => [
      ...loaded.predict(data.x.subarray(row * 6, row * 6 + 6), 1),
    ]).flat();
    expect(sameBytes(Float64Array.from(alone), model.predict(data.x, data.rowCount))).toBe(true);
  });

  test(`${task}: a weight of 2 is the row twice; any weights draw the heavy rows more often`, async () => {
    const data = mixedTable(task, 3, 200);
    const twice = data.weights!.map((weight) => (weight > 1.7 ? 2 : 1));
    const rows = [...twice.keys()].flatMap((row) => (twice[row] === 2 ? [row, row] : [row]));
    const repeated = {
      ...data,
      x: Float64Array.from(rows.flatMap((row) => [...data.x.subarray(6 * row, 6 * row + 6)])),
      y: Float64Array.from(rows, (row) => data.y[row]),
      rowCount: rows.length,
      weights: null,
    };
    const answers = await Promise.all(
      [{ ...data, weights: twice }, repeated].map(async (table) => {
        // All bins of a number are its own only among the same rows: the category and the coarse columns are.
        const model = await fitModel(table, task, { trees: 20 });
        return model.predict(data.x, data.rowCount);
      }),
    );
    expect(rmseOf(answers[0], answers[1])).toBeLessThan(1e-9 * Math.max(...answers[0]));

    const halves = data.y.map((_, row) => (row % 2 === 0 ? 1e-9 : 1.5));
    const odd = await fitModel({ ...data, weights: halves }, task, { trees: 5 });
    expect(odd.save().tensors['cover'].data[0]).toBe(data.rowCount);
  });
}

test("a split's gain is what it takes from the squared error, or from the Gini impurity times the draws", async () => {
  const column = Array.from({ length: 300 }, (_, i) => i % 3);
  for (const task of tasks) {
    const unit = task === 'regression' ? 1000 : 1;
    const classCount = { regression: 0, binary: 2, multiclass: 2 }[task];
    const data = tableOf(
      [column],
      column.map((value) => (value === 0 ? unit : 0)),
      { classCount },
    );
    const { tensors } = (await fitModel(data, task, { trees: 1, max_depth: 1 })).save();
    const [gain, cover] = ['gain', 'cover'].map((name) => tensors[name].data);
    // Of two classes, the squared error of one is half the impurity.
    const error = ((cover[1] * cover[2]) / cover[0]) * unit ** 2 * (task === 'multiclass' ? 2 : 1);
    expect(gain[0] / error).toBeCloseTo(1, 9);
  }
});

test('missing values tell when they are the only sign', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => i);
  const data = tableOf(
    [rows.map((i) => (i % 4 === 0 ? Number.NaN : (i * 7) % 10))],
    rows.map((i) => Number(i % 4 === 0)),
  );
  const model = await fitModel(data, 'binary', { trees: 20 });
  expect([...model.predict(Float64Array.of(Number.NaN, 3, -99, 99), 4)]).toEqual([1, 0, 0, 0]);
});

test('one split finds the set of categories, whatever their numbers; unseen ones go the way of missing ones', async () => {
  const kinds = 40;
  const rows = Array.from({ length: 2000 }, (_, i) => i);
  const kind = rows.map((i) => (i % 11 === 10 ? Number.NaN : (i * 7) % kinds));
  const isIn = (k: number) => (k * 13) % 5 < 2;
  for (const task of tasks) {
    const y = kind.map((k) => (Number.isNaN(k) || isIn(k) ? 1 : 0) * (task === 'multiclass' ? 2 : 1));
    const data = tableOf([kind], y, {
      categories: [kinds],
      classCount: { regression: 0, binary: 2, multiclass: 3 }[task],
    });
    const model = await fitModel(data, task, { trees: 8, max_depth: 1 });
    const asked = Float64Array.from([...Array(kinds).keys(), Number.NaN, -1]);
    const answers = model.predict(asked, asked.length);
    const found = task === 'multiclass' ? asked.map((_, i) => answers[3 * i + 2]) : answers;
    expect([...found].map((value) => Math.round(value * 1e9) / 1e9 || 0)).toEqual(
      [...asked].map((k) => Number(!(k >= 0) || isIn(k))),
    );
  }
});

test('more categories than bins: the rare ones are missing, the frequent ones tell', async () => {
  const rows = Array.from({ length: 4000 }, (_, i) => i);
  const kind = rows.map((i) => (i % 2 === 0 ? (i / 2) % 20 : 20 + (i % 900)));
  const y = kind.map((k) => Number(k < 20 && k % 2 === 0));
  const model = await fitModel(tableOf([kind], y, { categories: [920] }), 'binary', { trees: 10 });
  expect([...model.predict(Float64Array.of(0, 1, 18, 19, 901, -1), 6)]).toEqual([1, 0, 1, 0, 0, 0]);
});

const small = creditData({ rowLimit: 2000 });

test('leaves, depth and the number of features drawn obey their options', async () => {
  const nodes = async (hyper: Record<string, unknown>) => {
    const { tensors } = (await fitModel(small.train, 'binary', { trees: 10, ...hyper })).save();
    return { feature: tensors['feature'].data, cover: tensors['cover'].data, gain: tensors['gain'].data };
  };
  const large = await nodes({ min_leaf: 40 });
  expect(large.feature.every((feature, node) => feature >= 0 || large.cover[node] >= 40)).toBe(true);
  expect((await nodes({ max_depth: 1 })).feature.length).toBe(30);
  // Drawn from all features, the first split is the same in most trees; drawn from one, it is not.
  const roots = async (max_features: string | number) =>
    new Set((await nodes({ max_depth: 1, max_features })).feature);
  expect((await roots('all')).size).toBeLessThanOrEqual(3);
  expect((await roots(1)).size).toBeGreaterThan(4);
  // So many leaves, of the splits that gain most: they gain more than the first ones met would.
  const few = await nodes({ leaves: 8, max_features: 'all' });
  expect(few.feature.length).toBe(10 * 15);
  const shallow = await nodes({ max_depth: 3, max_features: 'all' });
  const total = ({ gain }: { gain: ArrayLike<number> }) =>
    Array.from(gain).reduce((sum, value) => sum + value, 0);
  expect(total(few)).toBeGreaterThan(total(shallow));
});

test('each tree is reported, whichever thread grew it', async () => {
  const steps: number[] = [];
  const onStep = ({ step, of }: { step: number; of: number }) => steps.push(step / of);
  await fitModel(small.train, 'binary', { trees: 9 }, { threads: 4, onStep });
  expect(steps).toEqual(Array.from({ length: 9 }, (_, i) => (i + 1) / 9));
});

test('odd tables end, with finite predictions within the targets', async () => {
  const { NaN: missing, MAX_VALUE: most } = Number;
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
      [missing, missing, missing],
      [0, 1, 1],
    ],
    [
      [1, 2, 3],
      [1, 1, 1],
    ],
    [[5], [1]],
    [
      [-most, 0, most],
      [0, 1, 0],
    ],
  ];
  for (const [x, y] of cases) {
    for (const task of tasks) {
      const data = tableOf([x], y, { classCount: task === 'regression' ? 0 : task === 'binary' ? 2 : 3 });
      const model = await fitModel(data, task, { trees: 5, min_leaf: 1 });
      expect(model.predict(data.x, data.rowCount).every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(() => randomForest.load(model.save(), task, shapeOf(data))).not.toThrow();
    }
  }
});

test('targets of any size; those whose sum over the trees is no number are refused', async () => {
  for (const size of [1e300, 1e200, 1e-200, 5e-324]) {
    const rows = Array.from({ length: 60 }, (_, i) => i);
    const y = rows.map((i) => (i % 3 === 0 ? size : i % 3 === 1 ? -size : 0));
    const data = tableOf([rows.map((i) => i % 3)], y, { classCount: 0 });
    const model = await fitModel(data, 'regression', { trees: 10 });
    const answers = model.predict(Float64Array.of(0, 1, 2), 3);
    expect(Math.abs(answers[0] / size - 1)).toBeLessThan(1e-9);
    expect(Math.abs(answers[1] / size + 1)).toBeLessThan(1e-9);
    expect(Math.abs(answers[2] / size)).toBeLessThan(1e-9);
    expect(() => randomForest.load(model.save(), 'regression', shapeOf(data))).not.toThrow();
  }
  const data = tableOf([[1, 2]], [Number.MAX_VALUE, 0], { classCount: 0 });
  await expect(fitModel(data, 'regression', { trees: 2 })).rejects.toThrow(/targets are too large/);
});

test('a leaf that is no probability is refused, whichever class it is of', async () => {
  const data = mixedTable('multiclass', 4, 100);
  const saved = (await fitModel(data, 'multiclass', { trees: 2 })).save();
  saved.tensors['value'].data[5] = 1.5;
  expect(() => randomForest.load(saved, 'multiclass', shapeOf(data))).toThrow(
    /the value of node 1 is not a probability/,
  );
});
