import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gradientBoosting } from '../../src/models/gradient-boosting.js';
import type { FittedModel, Task } from '../../src/models/learner.js';
import { seededRandom } from '../../src/util/random.js';
import { fitBoosting, tableOf } from './boosting-data.js';
import { aucOf, creditData } from './credit-data.js';

/** scikit-learn's and XGBoost's predictions and scores; `vectors/boosting.py` writes them. */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'boosting.json'), 'utf8'));

const X = Number.NaN;
const range = (length: number) => Array.from({ length }, (_, i) => i);
const small: number[][] = reference.small.x.map((row: (number | null)[]) => row.map((cell) => cell ?? X));
const predictAll = (model: FittedModel, x: number[][]) =>
  model.predict(Float64Array.from(x.flat()), x.length);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const scikit = { trees: 12, leaves: 8, min_leaf: 5, l2: 1, learning_rate: 0.3 };
const xgboost = { ...scikit, min_leaf: 1 };
const parity: [string, Task, string, Record<string, unknown>][] = [
  ['squared', 'regression', 'number', scikit],
  ['weighted', 'regression', 'number', scikit],
  ['two', 'binary', 'two', scikit],
  ['three', 'multiclass', 'three', scikit],
  ['l1', 'regression', 'number', { ...xgboost, l1: 2 }],
  ['l1_two', 'binary', 'two', { ...xgboost, l1: 2 }],
  ['monotone', 'regression', 'number', { ...xgboost, monotone: 'f0:1, f2:-1' }],
];

for (const [name, task, target, hyper] of parity) {
  test(`the predictions of scikit-learn or XGBoost, row by row: ${name}`, async () => {
    const classCount = { regression: 0, binary: 2, multiclass: 3 }[task];
    const weights = name === 'weighted' ? reference.small.weights : undefined;
    const data = tableOf(small, reference.small[target], { classCount, weights });
    const predictions = predictAll(await fitBoosting(data, task, hyper), small);
    const wanted: number[] = reference.predictions[name];
    expect(predictions.length).toBe(wanted.length);
    // Both keep gradients in 32 bits, riskops in 64 bits or finer.
    for (const [i, value] of predictions.entries()) expect(Math.abs(value - wanted[i])).toBeLessThan(2e-6);
  });
}

test('credit limit: the upper tenth and the middle, as near as scikit-learn', async () => {
  const { train, test: held } = creditData({ from: 2, target: (row) => row[1] / 1e5, classCount: 0 });
  const upper = await fitBoosting(train, 'regression', { loss: 'quantile', quantile: 0.9, l2: 0 });
  const errors = upper.predict(held.x, held.rowCount).map((value, i) => held.y[i] - value);
  const pinball = mean([...errors].map((error) => (error >= 0 ? 0.9 * error : -0.1 * error)));
  expect(pinball).toBeLessThan(reference.credit.pinball_90 * 1.01);
  expect(Math.abs(mean([...errors].map((error) => Number(error <= 0))) - 0.9)).toBeLessThan(0.02);

  const middle = await fitBoosting(train, 'regression', { loss: 'absolute', l2: 0 });
  const absolute = mean(
    [...middle.predict(held.x, held.rowCount)].map((value, i) => Math.abs(held.y[i] - value)),
  );
  expect(absolute).toBeLessThan(reference.credit.absolute * 1.01);
});

test('credit default with columns as categories: the AUC of scikit-learn', async () => {
  const { train, test: held } = creditData();
  const categories = train.categories.map((_, column) => (column >= 1 && column <= 3 ? 8 : 0));
  const model = await fitBoosting({ ...train, categories }, 'binary', { l2: 0 });
  const auc = aucOf(model.predict(held.x, held.rowCount), held.y);
  expect(Math.abs(auc - reference.credit.auc_categories)).toBeLessThan(0.003);
});

for (const loss of ['squared', 'absolute', 'quantile'] as const) {
  test(`a weight of 2 is the row twice: ${loss}`, async () => {
    const weights = range(300).map((i) => 1 + (i % 3));
    const twice = range(300).flatMap((i) => range(weights[i]).map(() => i));
    const y: number[] = reference.small.number;
    const hyper = { ...xgboost, loss, ...(loss === 'quantile' ? { quantile: 0.3 } : {}) };
    const weighed = await fitBoosting(tableOf(small, y, { weights }), 'regression', hyper);
    const repeated = tableOf(
      twice.map((i) => small[i]),
      twice.map((i) => y[i]),
    );
    const [a, b] = [weighed, await fitBoosting(repeated, 'regression', hyper)].map((model) =>
      predictAll(model, small),
    );
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 6);
    const { cover, roots } = weighed.save().tensors;
    expect(cover.data[roots.data[1]]).toBe(600);
  });
}

test('a set of categories is found whatever their numbers, with few and with more than bins', async () => {
  for (const count of [3, 40, 600]) {
    const isHigh = (category: number) => (category * 7) % 5 < 2;
    const x = range(6000).map((i) => [(i * i + i) % count, i % 13]);
    const y = x.map(([category]) => (isHigh(category) ? 10 : 0));
    const data = tableOf(x, y, { categories: [count, 0] });
    const model = await fitBoosting(data, 'regression', { trees: 1, learning_rate: 1, l2: 0, min_leaf: 1 });
    const frequent = count <= 254 ? range(count) : [];
    for (const category of frequent.filter((value) => x.some((row) => row[0] === value)))
      expect(predictAll(model, [[category, 0]])[0]).toBeCloseTo(isHigh(category) ? 10 : 0, 9);
    expect(model.importances!()[0]).toBeGreaterThan(0.99);
    // One that was never seen, and one that is missing, go the same way.
    const [unseen, missing] = predictAll(model, [
      [-1, 5],
      [X, 5],
    ]);
    expect(unseen).toBe(missing);
    const shape = { featureCount: 2, categories: data.categories, classCount: 0 };
    const loaded = await gradientBoosting.load(model.save(), 'regression', shape);
    expect(loaded.predict(data.x, data.rowCount)).toEqual(model.predict(data.x, data.rowCount));
  }
});

test('rare categories beyond the bins are taken for missing, in training and after', async () => {
  for (const own of [-5, 5]) {
    const x = range(3000).map((i) => [i < 2500 ? i % 250 : 300 + (i % 100)]);
    const y = x.map(([category]) => (category >= 300 ? own : category % 2));
    const data = tableOf(x, y, { categories: [400] });
    const model = await fitBoosting(data, 'regression', { trees: 30, min_leaf: 1, learning_rate: 0.5 });
    // Four of the rare ones got the last bins; all others share the way of the missing.
    const [missing, ...rare] = predictAll(model, [[X], ...range(100).map((i) => [300 + i])]);
    expect(rare.filter((value) => value === missing).length).toBeGreaterThanOrEqual(96);
    expect(missing).toBeCloseTo(own, 1);
  }
});

test('without a feature to ask, a quantile is that of the targets, by weight', async () => {
  const cases: [number[], number[] | undefined, number, number][] = [
    [[10, 1, 2], undefined, 0.5, 2],
    [[4, 1, 3, 2], undefined, 0.5, 2.5],
    [[4, 1, 3, 2], undefined, 0.8, 4],
    [[4, 1, 3, 2], [1, 1, 4, 1], 0.5, 3],
    [[1, 2], [3, 1], 0.75, 1.5],
  ];
  for (const [y, weights, quantile, wanted] of cases) {
    const data = tableOf(
      y.map(() => [7]),
      y,
      { weights },
    );
    const model = await fitBoosting(data, 'regression', { loss: 'quantile', quantile, trees: 1 });
    expect(predictAll(model, [[7]])[0]).toBe(wanted);
  }
});

test('predictions rise and fall with monotone features, whatever the others are', async () => {
  const tables = fc.record({ seed: fc.integer({ min: 0, max: 1e6 }), isClass: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(tables, async ({ seed, isClass }) => {
      const random = seededRandom(seed);
      const cell = (column: number) =>
        random() < 0.1 ? X : column === 3 ? Math.floor(random() * 6) : Math.round(random() * 20) / 4;
      const x = range(120).map(() => range(4).map(cell));
      const y = x.map((row) => Math.sin(3 * (row[0] || 0)) + Math.cos(2 * (row[1] || 0)) + random() - 1);
      const data = tableOf(x, isClass ? y.map((value) => Number(value > 0)) : y, {
        names: ['income', 'age', 'plain', 'kind'],
        categories: [0, 0, 0, 6],
        classCount: isClass ? 2 : 0,
      });
      const hyper = {
        trees: 15,
        leaves: 10,
        min_leaf: 2,
        learning_rate: 0.5,
        l2: 0.1,
        monotone: 'income:1,age:-1',
      };
      const model = await fitBoosting(data, isClass ? 'binary' : 'regression', hyper);
      for (const [column, direction] of [
        [0, 1],
        [1, -1],
      ]) {
        for (const row of x.slice(0, 10)) {
          const line = range(30).map((i) => row.map((value, j) => (j === column ? i / 5 - 0.5 : value)));
          const values = predictAll(model, line);
          for (let i = 1; i < values.length; i++)
            expect((values[i] - values[i - 1]) * direction).toBeGreaterThanOrEqual(0);
        }
      }
    }),
    { numRuns: 12, seed: 5 },
  );
});

test('options that cannot be held are refused in words', async () => {
  const data = tableOf([[1, 0]], [1], { names: ['income', 'kind'], categories: [0, 2] });
  const whyOf = async (monotone: string, more: Record<string, unknown> = {}, task: Task = 'regression') => {
    const error = await fitBoosting(data, task, { monotone, ...more }).catch((reason) => reason);
    expect(error.code).toBe('LEARNER_OPTION_INVALID');
    return `${error.message} ${error.why}`;
  };
  expect(await whyOf('incom:1')).toBe(
    'monotone names "incom", which is not a feature. did you mean "income"?',
  );
  expect(await whyOf('income')).toContain('"income" in monotone is not a feature with a direction.');
  expect(await whyOf('income:2')).toContain('"income:2" in monotone is not');
  expect(await whyOf('income:1,income:-1')).toContain('monotone names "income" twice.');
  expect(await whyOf('kind:1')).toContain('monotone names "kind", which is a category.');
  expect(await whyOf('income:1', { loss: 'absolute' })).toContain('The loss absolute sets its leaves anew');
  expect(await whyOf('income:1', {}, 'multiclass')).toContain('Of several classes');
  expect(await whyOf('', { loss: 'absolute' }, 'binary')).toContain('The loss absolute is for regressions.');
  expect(await whyOf('', { quantile: 0.9 })).toContain('The loss squared has no quantile.');
});

test('early stopping watches the validation rows, and keeps the trees up to the best round', async () => {
  const random = seededRandom(11);
  const make = (count: number, task: Task) => {
    const x = range(count).map(() => range(5).map(random));
    const y = x.map((row) => {
      const value = row[0] + row[1] * row[2] + (random() - 0.5) * 2;
      return task === 'regression'
        ? value
        : task === 'binary'
          ? Number(value > 0.7)
          : Math.min(2, Math.max(0, Math.floor(value * 2)));
    });
    return tableOf(x, y, { classCount: { regression: 0, binary: 2, multiclass: 3 }[task] });
  };
  for (const task of ['regression', 'binary', 'multiclass'] as const) {
    const train = make(400, task);
    const validation = make(200, task);
    const metrics: Record<string, number>[] = [];
    const hyper = { trees: 300, leaves: 8, early_stopping: 10 };
    const model = await fitBoosting({ ...train, validation }, task, hyper, {
      onStep: (step) => metrics.push(step.metrics),
    });
    const losses = metrics.map((step) => step['validation_loss']);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    expect(best).toBeGreaterThan(1);
    expect(metrics.length).toBe(best + 10);
    expect(model.save().facts['best_step']).toBe(best);
    expect(metrics.at(-1)!['best_step']).toBe(best);
    expect(model.save().tensors['roots'].data.length).toBe(best * (task === 'multiclass' ? 3 : 1));

    const outputs = task === 'multiclass' ? 3 : 1;
    const p = model.predict(validation.x, validation.rowCount);
    const lossOf = (y: number, i: number) =>
      task === 'regression'
        ? (y - p[i]) ** 2
        : -Math.log(task === 'binary' ? (y === 1 ? p[i] : 1 - p[i]) : p[i * outputs + y]);
    expect(mean([...validation.y].map(lossOf))).toBeCloseTo(losses[best - 1], 10);

    // The same rounds without watching give the same trees.
    const alone = await fitBoosting(train, task, { ...hyper, trees: best, early_stopping: null });
    expect(alone.save().tensors).toEqual(model.save().tensors);
  }
});

test('shares of rows and columns: by the seed, and only those', async () => {
  const data = tableOf(small, reference.small.number);
  const grow = (hyper: Record<string, unknown>, seed: number) =>
    fitBoosting(data, 'regression', { trees: 10, min_leaf: 5, ...hyper }, { seed });
  for (const hyper of [{ row_share: 0.5 }, { column_share: 0.5 }]) {
    const first = (await grow(hyper, 1)).save();
    expect((await grow(hyper, 1)).save()).toEqual(first);
    expect((await grow(hyper, 2)).save()).not.toEqual(first);
  }
  // A tenth of 300 rows is drawn: too few for two leaves of 20.
  const rare = (await grow({ row_share: 0.1, min_leaf: 20 }, 1)).save();
  expect(rare.tensors['feature'].data.every((value) => value === -1)).toBe(true);

  const single = await grow({ column_share: 0.01 }, 3);
  const { feature, roots } = single.save().tensors;
  const trees = range(10).map((tree) => new Set(feature.data.slice(roots.data[tree], roots.data[tree + 1])));
  for (const features of trees)
    expect([...features].filter((value) => value >= 0).length).toBeLessThanOrEqual(1);
});

test('three classes: probabilities sum to 1, contributions add up to margins, importances to 1', async () => {
  const data = tableOf(small, reference.small.three, { classCount: 3 });
  const model = await fitBoosting(data, 'multiclass', scikit);
  const p = model.predict(data.x, 300);
  const { base, contributions } = model.explain!(data.x, 300);
  for (let row = 0; row < 300; row++) {
    const own = p.subarray(row * 3, row * 3 + 3);
    expect(own[0] + own[1] + own[2]).toBeCloseTo(1, 12);
    const margins = range(3).map((k) => {
      const from = (row * 3 + k) * 4;
      return base[k] + contributions.subarray(from, from + 4).reduce((sum, value) => sum + value, 0);
    });
    for (const k of [1, 2]) expect(margins[k] - margins[0]).toBeCloseTo(Math.log(own[k] / own[0]), 9);
  }
  expect(mean([...model.importances!()]) * 4).toBeCloseTo(1, 12);
});

test('targets of any size; those whose sums are no numbers are refused', async () => {
  const grown = (size: number) => {
    const data = tableOf(
      range(60).map((i) => [i]),
      range(60).map((i) => (i < 30 ? -size : size / 2)),
    );
    return fitBoosting(data, 'regression', { trees: 20, learning_rate: 0.9, l2: 0 });
  };
  for (const size of [1e300, 1e200, 1e-200]) {
    const [low, high] = predictAll(await grown(size), [[0], [59]]);
    expect(low / size).toBeCloseTo(-1, 9);
    expect(high / size).toBeCloseTo(0.5, 9);
  }
  await expect(grown(Number.MAX_VALUE)).rejects.toThrow('The targets are too large for gradient boosting.');
});

test('a file with a wrong base or best step is refused', async () => {
  const data = tableOf(small, reference.small.three, { classCount: 3 });
  const saved = (await fitBoosting(data, 'multiclass', { trees: 2 })).save();
  const shape = { featureCount: 4, categories: data.categories, classCount: 3 };
  for (const facts of [
    { base: 1 },
    { base: [1, 2] },
    { base: [1, 2, X] },
    { ...saved.facts, best_step: 1.5 },
  ])
    expect(() => gradientBoosting.load({ ...saved, facts }, 'multiclass', shape)).toThrow(
      /"base"|"best_step"/,
    );
});
