import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import { isolationForest } from '../../src/models/isolation-forest.js';
import type { TrainingData } from '../../src/models/learner.js';
import { meanDepth } from '../../src/models/trees/isolation-tree.js';
import { seededRandom } from '../../src/util/random.js';
import { aucOf, creditData, sameBytes } from './credit-data.js';

/** scikit-learn's answers; `vectors/forest.py` writes them. */
const reference = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'forest.json'), 'utf8'));

const fitModel = (data: TrainingData, hyper: Record<string, unknown> = {}, seed = 0) =>
  isolationForest.fit(data, 'binary', resolveHyper(isolationForest, hyper), { seed, threads: 1 });

const shapeOf = ({ names, categories, classCount }: TrainingData) => ({
  ...{ featureCount: names.length, categories, classCount },
});

function tableOf(rows: number[][], y: number[]): TrainingData {
  return {
    ...{ x: Float64Array.from(rows.flat()), y: Float64Array.from(y), rowCount: y.length },
    ...{ names: rows[0].map((_, j) => `f${j}`), categories: new Int32Array(rows[0].length), classCount: 2 },
    ...{ weights: null, previous: null, validation: null },
  };
}

/** Two columns near 0, of which some rows (the class) lie far out; a cell in ten is missing. */
function outliers(rowCount: number, seed: number): TrainingData {
  const random = seededRandom(seed);
  const rows = Array.from({ length: rowCount }, (_, i) =>
    [0, 1].map(() => (random() < 0.1 ? Number.NaN : (random() - random()) * (i % 40 === 0 ? 8 : 1))),
  );
  return tableOf(
    rows,
    rows.map((_, i) => Number(i % 40 === 0)),
  );
}

test("the mean depth of a search is scikit-learn's", () => {
  for (const [size, wanted] of Object.entries<number>(reference.mean_depths))
    expect(meanDepth(Number(size))).toBeCloseTo(wanted, 12);
});

test("the scores of rows are scikit-learn's, up to what its own seeds differ by", async () => {
  const { train, test: held } = creditData({ rowLimit: 2000 });
  const width = train.names.length;
  const x = new Float64Array(2000 * width);
  let [learned, tested] = [0, 0];
  for (let row = 0; row < 2000; row++) {
    const [from, at] = row % 5 === 4 ? [held.x, tested++] : [train.x, learned++];
    x.set(from.subarray(at * width, (at + 1) * width), row * width);
  }
  const model = await fitModel({ ...train, x, rowCount: 2000 }, { trees: 1000 });
  const scores = model.predict(x, 2000);
  for (const [i, wanted] of reference.isolation_scores.entries())
    expect(Math.abs(scores[40 * i] - wanted)).toBeLessThan(0.015);
});

test('rows far out score high; the target is not looked at; missing values are no obstacle', async () => {
  const data = outliers(2000, 1);
  const model = await fitModel(data);
  const scores = model.predict(data.x, data.rowCount);
  expect(aucOf(scores, data.y)).toBeGreaterThan(0.85);
  expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
  const blind = await fitModel({ ...data, y: data.y.map((y) => 1 - y) });
  expect(blind.save()).toEqual(model.save());
});

test('the same bytes for the same seed, others for another; a saved forest predicts the same bytes, row by row', async () => {
  const data = outliers(500, 2);
  const hyper = { trees: 20, max_features: 1 };
  const model = await fitModel(data, hyper);
  expect((await fitModel(data, hyper)).save()).toEqual(model.save());
  expect((await fitModel(data, hyper, 1)).save()).not.toEqual(model.save());
  const loaded = await isolationForest.load(model.save(), 'binary', shapeOf(data));
  const alone = Float64Array.from(
    { length: 500 },
    (_, row) => loaded.predict(data.x.subarray(2 * row, 2 * row + 2), 1)[0],
  );
  expect(sameBytes(alone, model.predict(data.x, 500))).toBe(true);
});

test('a tree is no deeper than the logarithm of its sample, and sees the features drawn for it alone', async () => {
  const data = outliers(500, 3);
  const { tensors } = (await fitModel(data, { trees: 30, sample_size: 16, max_features: 1 })).save();
  const [feature, left, cover, roots] = ['feature', 'left', 'cover', 'roots'].map((name) => [
    ...tensors[name].data,
  ]);
  for (const [tree, root] of roots.entries()) {
    expect(cover[root]).toBe(16);
    const end = roots[tree + 1] ?? feature.length;
    const asked = new Set(feature.slice(root, end).filter((value) => value >= 0));
    expect(asked.size).toBeLessThanOrEqual(1);
    const depth = new Map([[root, 0]]);
    for (let node = root; node < end; node++) {
      expect(depth.get(node)).toBeLessThanOrEqual(4);
      if (feature[node] >= 0) for (const child of [0, 1]) depth.set(left[node] + child, depth.get(node)! + 1);
    }
  }
});

test('heavy rows are drawn, so that they look ordinary', async () => {
  const rows = Array.from({ length: 400 }, (_, i) => [i % 50 === 0 ? 5 + i / 1000 : Math.sin(i)]);
  const data = tableOf(
    rows,
    rows.map((_, i) => Number(i % 50 === 0)),
  );
  const mean = async (weights: Float64Array | null) => {
    const scores = (await fitModel({ ...data, weights })).predict(data.x, 400);
    return scores.filter((_, i) => i % 50 === 0).reduce((sum, score) => sum + score, 0) / 8;
  };
  expect(await mean(data.y.map((y) => 1 + 99 * y))).toBeLessThan((await mean(null)) - 0.1);
});

test('odd tables end with scores: one row, equal rows, nothing but missing values, the largest numbers', async () => {
  const { MAX_VALUE: most, NaN: missing } = Number;
  for (const rows of [
    [[1]],
    [[4], [4], [4]],
    [[missing], [missing]],
    [[-most], [most], [0]],
    [[1], [1 + 2 ** -52]],
  ]) {
    const data = tableOf(
      rows,
      rows.map(() => 0),
    );
    const model = await fitModel(data, { trees: 10 });
    expect(model.predict(data.x, rows.length).every((score) => score > 0 && score <= 1)).toBe(true);
    expect(() => isolationForest.load(model.save(), 'binary', shapeOf(data))).not.toThrow();
  }
  await expect(fitModel(tableOf([[1], [Number.POSITIVE_INFINITY]], [0, 1]))).rejects.toThrow(
    /"f0" is infinite/,
  );
});

test('a file with a wrong sample size or a negative depth is refused', async () => {
  const data = outliers(100, 5);
  const load = (change: (saved: ReturnType<typeof model.save>) => void) => {
    const saved = structuredClone(model.save());
    change(saved);
    return isolationForest.load(saved, 'binary', shapeOf(data));
  };
  const model = await fitModel(data, { trees: 2 });
  for (const size of [0, 2.5, '256', Number.NaN])
    expect(() => load((saved) => (saved.facts['sample_size'] = size))).toThrow(
      /"sample_size" is not a whole number/,
    );
  expect(() => load((saved) => saved.tensors['value'].data.fill(-1))).toThrow(/is not a depth/);
});

test('an aborted signal ends training with its reason, and each tree is reported', async () => {
  const data = outliers(100, 6);
  const hyper = resolveHyper(isolationForest, { trees: 25 });
  const steps: number[] = [];
  const onStep = ({ step, of }: { step: number; of: number }) => steps.push(of - step);
  await isolationForest.fit(data, 'binary', hyper, { seed: 0, threads: 1, onStep });
  expect(steps).toEqual(Array.from({ length: 25 }, (_, i) => 24 - i));
  const signal = AbortSignal.abort(new Error('stopped by hand'));
  await expect(isolationForest.fit(data, 'binary', hyper, { seed: 0, threads: 1, signal })).rejects.toThrow(
    'stopped by hand',
  );
});
