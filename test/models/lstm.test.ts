import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { resolveHyper } from '../../src/models/hyper.js';
import type { FitContext, LearningRows, Task, TrainingData } from '../../src/models/learner.js';
import { lstm } from '../../src/models/lstm.js';
import { seededRandom } from '../../src/util/random.js';
import { temporaryFolder } from '../support/temporary.js';

const SERIES = 30;

/** Series of 30 rows; the target is a feature of two rows ago, which only a net that remembers can know. */
function makeRows(
  rowCount: number,
  seed: number,
  targetOf = (value: number) => 50 + 20 * value,
): LearningRows {
  const random = seededRandom(seed);
  const x = Float64Array.from({ length: rowCount * 2 }, () => random() * 2 - 1);
  const previous = Int32Array.from({ length: rowCount }, (_, row) => (row % SERIES === 0 ? -1 : row - 1));
  const y = Float64Array.from({ length: rowCount }, (_, row) =>
    targetOf(x[Math.max(row - 2, row - (row % SERIES)) * 2]),
  );
  return { x, y, rowCount, weights: null, previous };
}

const dataOf = (rows: LearningRows, over: Partial<TrainingData> = {}): TrainingData => ({
  ...rows,
  names: ['a', 'b'],
  categories: new Int32Array(2),
  classCount: 0,
  validation: null,
  ...over,
});

const SMALL = { hidden: 12, window: 6, epochs: 12, learning_rate: 0.01, early_stopping: null };

async function train(
  data: TrainingData,
  given: Record<string, unknown> = {},
  { task = 'regression' as Task, ...over }: Partial<FitContext> & { task?: Task } = {},
) {
  const steps: Record<string, number>[] = [];
  const onStep = ({ metrics }: { metrics: Record<string, number> }) => steps.push(metrics);
  const hyper = resolveHyper(lstm, { ...SMALL, ...given });
  const model = await lstm.fit(data, task, hyper, { seed: 0, threads: 1, onStep, ...over });
  return { model, steps };
}

const rmse = (found: Float64Array, wanted: Float64Array) =>
  Math.sqrt(found.reduce((sum, value, i) => sum + (value - wanted[i]) ** 2, 0) / found.length);

test('what a row holds of rows before it is learned', async () => {
  const { model, steps } = await train(dataOf(makeRows(900, 1)));
  expect(steps.length).toBe(12);
  expect(steps.at(-1)!.loss).toBeLessThan(steps[0].loss / 10);
  const unseen = makeRows(300, 2);
  expect(rmse(model.predict(unseen.x, 300, unseen.previous), unseen.y)).toBeLessThan(2.5);
  // Without its history a row is its own first row, of which nothing follows.
  expect(rmse(model.predict(unseen.x, 300, null), unseen.y)).toBeGreaterThan(10);
});

test('two layers, dropout and AdamW learn it too, and the huber loss leaves outliers aside', async () => {
  const rows = makeRows(900, 1);
  for (let row = 0; row < 900; row += 50) rows.y[row] = 5000;
  const given = { layers: 2, dropout: 0.05, optimiser: 'adamw', weight_decay: 0.01, epochs: 30 };
  const unseen = makeRows(300, 2);
  const offOf = async (loss: string) => {
    const { model } = await train(dataOf(rows), { ...given, loss, delta: 0.05 });
    return rmse(model.predict(unseen.x, 300, unseen.previous), unseen.y);
  };
  const [huber, mse] = [await offOf('huber'), await offOf('mse')];
  expect(huber).toBeLessThan(8);
  expect(mse).toBeGreaterThan(2 * huber);
});

test('classes: probabilities, of two and of many', async () => {
  const two = makeRows(900, 1, (value) => Number(value > 0));
  const binary = (await train(dataOf(two, { classCount: 2 }), {}, { task: 'binary' })).model;
  const unseen = makeRows(300, 2, (value) => Number(value > 0));
  const odds = binary.predict(unseen.x, 300, unseen.previous);
  expect(odds.length).toBe(300);
  expect(rmse(odds, unseen.y)).toBeLessThan(0.25);

  const third = (value: number) => (value > 0.3 ? 2 : value > -0.3 ? 1 : 0);
  const data = dataOf(makeRows(900, 1, third), { classCount: 3 });
  const multiclass = (await train(data, {}, { task: 'multiclass' })).model;
  const rows = makeRows(300, 2, third);
  const shares = multiclass.predict(rows.x, 300, rows.previous);
  let right = 0;
  for (let row = 0; row < 300; row++) {
    const own = [...shares.subarray(row * 3, row * 3 + 3)];
    expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    right += Number(own.indexOf(Math.max(...own)) === rows.y[row]);
  }
  expect(right).toBeGreaterThan(270);
});

test('early stopping gives back the weights of the best epoch', async () => {
  const rows = makeRows(120, 1);
  const noise = seededRandom(9);
  // Noise to learn by heart: the validation loss has its least early, and grows.
  rows.y.forEach((value, row) => {
    rows.y[row] = value + 60 * (noise() - 0.5);
  });
  const validation = makeRows(90, 2);
  const weights = Float64Array.from({ length: 90 }, (_, row) => (row % SERIES < 3 ? 0 : 1 + (row % 2)));
  const given = { early_stopping: 6, epochs: 200, hidden: 24, learning_rate: 0.02 };
  const { model, steps } = await train(dataOf(rows, { validation: { ...validation, weights } }), given);
  const watched = steps.map((step) => step['validation_loss']);
  const best = Math.min(...watched);
  expect(steps.length).toBeLessThan(200);
  expect(watched.indexOf(best)).toBe(steps.length - 1 - 6);
  expect(watched.at(-1)).toBeGreaterThan(best * 1.01);
  const { sd } = model.save().facts as { sd: number };
  const answers = model.predict(validation.x, 90, validation.previous);
  let [sum, total] = [0, 0];
  for (let row = 0; row < 90; row++) {
    sum += weights[row] * ((answers[row] - validation.y[row]) / sd) ** 2;
    total += weights[row];
  }
  expect(sum / total).toBeCloseTo(best, 9);
});

test('the same seed gives the same model, on wasm and in plain TypeScript, and another seed another', async () => {
  const data = dataOf(makeRows(100, 1), {
    weights: Float64Array.from({ length: 100 }, (_, row) => 1 + (row % 3)),
  });
  const given = { layers: 2, dropout: 0.2, hidden: 11, epochs: 2, batch: 30 };
  const { model } = await train(data, given);
  const plain = (await train(data, given, { kernels: 'js', threads: 2 })).model;
  expect(plain.save()).toEqual(model.save());
  expect(plain.predict(data.x, 100, data.previous)).toEqual(model.predict(data.x, 100, data.previous));
  expect((await train(data, given, { seed: 1 })).model.save()).not.toEqual(model.save());
});

test('a weight of 2 is the row twice', async () => {
  const once = makeRows(60, 1);
  const weights = Float64Array.from({ length: 60 }, (_, row) => 1 + (row % 2));
  const rows = Array.from({ length: 60 }, (_, row) => row).flatMap((row) =>
    row % 2 === 1 ? [row, row] : [row],
  );
  const first = Int32Array.from({ length: 60 }, (_, row) => rows.indexOf(row));
  const twice: LearningRows = {
    x: Float64Array.from(rows.flatMap((row) => [once.x[row * 2], once.x[row * 2 + 1]])),
    y: Float64Array.from(rows, (row) => once.y[row]),
    rowCount: rows.length,
    weights: null,
    previous: Int32Array.from(rows, (row) => (once.previous![row] < 0 ? -1 : first[once.previous![row]])),
  };
  const given = { batch: 100, epochs: 8 };
  const a = (await train(dataOf({ ...once, weights }), given)).model;
  const b = (await train(dataOf(twice), given)).model;
  expect(rmse(a.predict(once.x, 60, once.previous), b.predict(once.x, 60, once.previous))).toBeLessThan(1e-3);
  const unweighted = (await train(dataOf(once), given)).model;
  expect(
    rmse(a.predict(once.x, 60, once.previous), unweighted.predict(once.x, 60, once.previous)),
  ).toBeGreaterThan(1e-2);
});

test("a row's answer is the same bits whatever stands beside it, and huge values give a number", async () => {
  const { model } = await train(dataOf(makeRows(90, 1)), { epochs: 1 });
  const { x, previous } = makeRows(70, 3);
  const all = model.predict(x, 70, previous);
  for (const count of [1, 2, 5, 33]) {
    expect(model.predict(x, count, previous!.subarray(0, count))).toEqual(all.slice(0, count));
  }
  const wild = Float64Array.of(1e308, -1e308, Number.POSITIVE_INFINITY, 0, Number.NaN, 0);
  const [far, infinite, missing] = model.predict(wild, 3, null);
  expect([far, infinite].every(Number.isFinite)).toBe(true);
  expect(missing).toBeNaN();
  expect(model.predict(x, 0, previous).length).toBe(0);
});

test('one row, a constant target and a constant feature train', async () => {
  const one = dataOf({
    x: Float64Array.of(0, 0),
    y: Float64Array.of(7),
    rowCount: 1,
    weights: null,
    previous: Int32Array.of(-1),
  });
  const { model } = await train(one, { window: 1, hidden: 1, epochs: 3 });
  expect(model.predict(one.x, 1, one.previous)[0]).toBeCloseTo(7, 0);
  const flat = makeRows(60, 1, () => 3);
  const constant = (await train(dataOf({ ...flat, x: flat.x.fill(0) }), { epochs: 40 })).model;
  expect(constant.predict(flat.x, 1, flat.previous)[0]).toBeCloseTo(3, 1);
});

test('what cannot be learned from is said in words', async () => {
  const rows = makeRows(60, 1);
  const refused = (data: TrainingData, given = {}) =>
    train(data, given).then(
      () => 'trained',
      (error) => error,
    );
  expect(await refused(dataOf({ ...rows, previous: null }))).toMatchObject({
    code: 'TRAINING_FAILED',
    fix: expect.stringContaining('--time COLUMN'),
  });
  expect(await refused(dataOf({ ...rows, x: rows.x.with(3, Number.NaN) }))).toMatchObject({
    message: 'The LSTM cannot use feature "b", which has a missing value.',
  });
  expect(await refused(dataOf({ ...rows, y: rows.y.with(3, 1e300) }))).toMatchObject({
    message: expect.stringContaining('too large'),
  });
  expect(await refused(dataOf(rows), { window: 1000, hidden: 1024, batch: 4096 })).toMatchObject({
    message: expect.stringMatching(/needs \d+ GB/),
    fix: expect.stringContaining('smaller batch'),
  });
  const far = dataOf(rows, { validation: { ...rows, y: rows.y.with(3, 1e200) } });
  expect(await refused(far)).toMatchObject({
    code: 'TRAINING_FAILED',
    message: expect.stringMatching(/no longer a number in epoch 1/),
    fix: expect.stringContaining('learning_rate'),
  });
});

test('an abort ends training soon with its reason, and no step comes after it', async () => {
  const stop = new AbortController();
  const reason = new Error('Ctrl-C');
  let stepsAfter = 0;
  const onStep = () => {
    if (stop.signal.aborted) stepsAfter++;
    stop.abort(reason);
  };
  const data = dataOf(makeRows(3000, 1));
  await expect(train(data, { epochs: 100_000 }, { onStep, signal: stop.signal })).rejects.toBe(reason);
  expect(stepsAfter).toBe(0);
  await expect(train(data, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test('a saved model answers as before; one that was tampered with is refused by name', async () => {
  const data = dataOf(makeRows(60, 1));
  const { model } = await train(data, { layers: 2, epochs: 1 });
  const saved = model.save();
  const shape = { featureCount: 2, categories: new Int32Array(2), classCount: 0 };
  const loaded = await lstm.load(saved, 'regression', shape);
  expect(loaded.predict(data.x, 60, data.previous)).toEqual(model.predict(data.x, 60, data.previous));
  expect(loaded.save()).toEqual(saved);

  const { facts, tensors } = saved;
  const other = (name: string, change: object) => ({
    facts,
    tensors: { ...tensors, [name]: { ...tensors[name], ...change } },
  });
  const nan = Float32Array.from(tensors['recurrent_1'].data).fill(Number.NaN, 5, 6);
  const faults: [object, RegExp][] = [
    [{ facts: { ...facts, hidden: 1e9 }, tensors }, /"hidden" is not a whole number from 1 to 1024/],
    [{ facts: { ...facts, window: 0 }, tensors }, /"window"/],
    [{ facts: { ...facts, layers: 1 }, tensors }, /"kernel_1" does not belong/],
    [{ facts: { ...facts, mean: Number.NaN }, tensors }, /"mean" is not a finite number/],
    [{ facts: { ...facts, sd: 0 }, tensors }, /"sd" is not a number above 0/],
    [other('recurrent_1', { data: nan }), /"recurrent_1" is not finite at element 5/],
    [other('kernel_0', { shape: [1, 96] }), /"kernel_0" has the shape \[1,96\], not \[2,48\]/],
    [other('head', { type: 'F64' }), /"head" is F64, not F32/],
  ];
  for (const [fault, words] of faults) {
    expect(() => lstm.load(fault as typeof saved, 'regression', shape), String(words)).toThrow(words);
  }
  expect(() => lstm.load(saved, 'multiclass', { ...shape, classCount: 3 })).toThrow(/"head" has the shape/);
});

const script = `
import { lstm, lstmTfjs } from './learners.mjs';
const rows = 40;
const data = { x: Float64Array.from({ length: rows }, (_, i) => Math.sin(i)), y: Float64Array.from({ length: rows }, (_, i) => i % 2), rowCount: rows, weights: null,
  previous: Int32Array.from({ length: rows }, (_, i) => i - 1), names: ['a'], categories: new Int32Array(1), classCount: 0, validation: null };
const hyper = { ...Object.fromEntries(lstm.options.map((option) => [option.name, option.default])), epochs: 2, window: 3, hidden: 4 };
const context = { seed: 0, threads: 1 };
const said = [];
for (const learner of [lstm, lstmTfjs]) {
  await learner.fit(data, 'regression', hyper, context).then(() => said.push('trained'), (error) => said.push([error.code, error.message, error.fix]));
}
console.log(JSON.stringify(said));
`;

test('where TensorFlow.js is not installed, the error says how to; a missing worker file is named', async () => {
  const folder = temporaryFolder();
  const root = join(import.meta.dirname, '..', '..');
  await build({
    stdin: {
      contents: `export { lstm } from './src/models/lstm.js'; export { lstmTfjs } from './src/models/lstm-tfjs.js';`,
      resolveDir: root,
    },
    outfile: join(folder, 'learners.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'riskops', type: 'module' }));
  writeFileSync(join(folder, 'fit.mjs'), script);
  const run = () =>
    JSON.parse(
      execFileSync(process.execPath, ['fit.mjs'], { cwd: folder, timeout: 20_000, encoding: 'utf8' }),
    );
  expect(run()[0]).toEqual([
    'TRAINING_FAILED',
    'Training threads cannot start: dist/workers/train-lstm.js is missing.',
    'npm run build',
  ]);
  mkdirSync(join(folder, 'dist'));
  for (const part of ['chunks', 'workers', 'kernels']) {
    cpSync(join(root, 'dist', part), join(folder, 'dist', part), { recursive: true });
  }
  const [own, [code, message, fix]] = run();
  expect(own).toBe('trained');
  expect([code, message]).toEqual(['TRAINING_FAILED', 'The engine tfjs cannot be loaded.']);
  expect(fix).toContain('npm install @tensorflow/tfjs-core');
});
