import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dummy } from '../../src/models/dummy.js';
import type { FittedModel, Hyper, Learner, Task, TrainingData } from '../../src/models/learner.js';
import { logistic } from '../../src/models/logistic.js';
import { ridge } from '../../src/models/ridge.js';

interface Answer {
  c?: number;
  alpha?: number;
  weights: number[];
  intercept: number;
  predictions: number[];
}

interface Case {
  name: string;
  x: number[][];
  y: number[];
  answers: Answer[];
}

/** scikit-learn's answers; `vectors/linear.py` writes them. */
const vectors: {
  logistic: Case[];
  ridge: Case[];
  weighted: {
    x: number[][];
    counts: number[];
    binary: number[];
    amount: number[];
    logistic: Answer;
    ridge: Answer;
  };
  multinomial: {
    x: number[][];
    y: number[];
    counts: number[];
    answers: (Answer & { intercept: number[] })[];
    weighted: Answer & { intercept: number[] };
  };
} = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors', 'linear.json'), 'utf8'));

const dataOf = (
  x: number[][],
  y: number[],
  classCount = 2,
  weights: number[] | null = null,
): TrainingData => ({
  x: Float64Array.from(x.flat()),
  y: Float64Array.from(y),
  rowCount: y.length,
  names: x[0].map((_, j) => `f${j}`),
  weights: weights && Float64Array.from(weights),
  previous: null,
  categories: new Int32Array(x[0].length),
  classCount,
  validation: null,
});

async function fitOn(learner: Learner, data: TrainingData, task: Task, hyper: Hyper) {
  const losses: number[] = [];
  const model = await learner.fit(data, task, hyper, {
    seed: 0,
    threads: 1,
    onStep: ({ metrics }) => losses.push(metrics['loss']),
  });
  const { weights, intercept } = model.save().tensors;
  return {
    model,
    weights: [...weights.data],
    intercept: [...intercept.data],
    predictions: [...model.predict(data.x, data.rowCount)],
    losses,
  };
}

const train = (learner: Learner, x: number[][], y: number[], hyper: Hyper, weights?: number[]) => {
  const isRidge = learner === ridge;
  return fitOn(learner, dataOf(x, y, isRidge ? 0 : 2, weights), isRidge ? 'regression' : 'binary', hyper);
};

/** The most that two lists differ, relative to the largest number of the wanted one, or to 1. */
function difference(found: number[], wanted: number[]) {
  const scale = Math.max(1, ...wanted.map(Math.abs));
  return Math.max(...found.map((value, i) => Math.abs(value - wanted[i]))) / scale;
}

for (const { name, x, y, answers } of vectors.logistic) {
  for (const answer of answers) {
    test(`logistic equals scikit-learn's converged answer: ${name}, c ${answer.c}`, async () => {
      const found = await train(logistic, x, y, { c: answer.c! });
      expect(difference(found.weights, answer.weights)).toBeLessThan(1e-7);
      expect(difference(found.intercept, [answer.intercept])).toBeLessThan(1e-7);
      expect(difference(found.predictions, answer.predictions)).toBeLessThan(1e-9);
      expect(found.losses.length).toBeLessThan(30);
      expect(found.losses.at(-1)).toBeLessThan(found.losses[0]);
    });
  }
}

for (const { name, x, y, answers } of vectors.ridge) {
  for (const answer of answers) {
    test(`ridge equals scikit-learn: ${name}, alpha ${answer.alpha}`, async () => {
      const found = await train(ridge, x, y, { alpha: answer.alpha! });
      expect(difference(found.weights, answer.weights)).toBeLessThan(1e-9);
      expect(difference(found.intercept, [answer.intercept])).toBeLessThan(1e-9);
      expect(difference(found.predictions, answer.predictions)).toBeLessThan(1e-9);
    });
  }
}

test('weighted rows: the answers of scikit-learn', async () => {
  const { x, binary, amount, counts, ...answers } = vectors.weighted;
  const classes = await train(logistic, x, binary, { c: 1 }, counts);
  expect(difference(classes.weights, answers.logistic.weights)).toBeLessThan(1e-7);
  expect(difference(classes.intercept, [answers.logistic.intercept])).toBeLessThan(1e-7);
  const amounts = await train(ridge, x, amount, { alpha: 1 }, counts);
  expect(difference(amounts.weights, answers.ridge.weights)).toBeLessThan(1e-9);
  expect(difference(amounts.intercept, [answers.ridge.intercept])).toBeLessThan(1e-9);
});

test('several classes: the multinomial answers of scikit-learn, weighted rows too', async () => {
  const { x, y, counts, answers, weighted } = vectors.multinomial;
  const cases = [
    ...answers.map((answer) => ({ answer, weights: null })),
    { answer: weighted, weights: counts },
  ];
  for (const { answer, weights } of cases) {
    const found = await fitOn(logistic, dataOf(x, y, 3, weights), 'multiclass', { c: answer.c! });
    expect(difference(found.weights, answer.weights)).toBeLessThan(1e-6);
    expect(difference(found.intercept, answer.intercept)).toBeLessThan(1e-6);
    expect(difference(found.predictions, answer.predictions)).toBeLessThan(1e-6);
    const [first, second, third] = found.predictions;
    expect(first + second + third).toBeCloseTo(1, 14);
  }
});

test('a weight of 2 is the row twice', async () => {
  const { x, y } = vectors.multinomial;
  const twice = y.map((_, row) => (row % 3 === 0 ? 2 : 1));
  const repeat = <T>(rows: T[]) => rows.flatMap((row, i) => (twice[i] === 2 ? [row, row] : [row]));
  const cases: [Learner, Task, number[], number][] = [
    [logistic, 'multiclass', y, 3],
    [logistic, 'binary', y.map((kind) => Number(kind === 1)), 2],
    [ridge, 'regression', y.map((kind, row) => kind + Math.sin(row)), 0],
    [dummy, 'multiclass', y, 3],
    [dummy, 'regression', y, 0],
  ];
  for (const [learner, task, target, classCount] of cases) {
    const hyper = { c: 1, alpha: 1 };
    const context = { seed: 0, threads: 1 };
    const weighted = await learner.fit(dataOf(x, target, classCount, twice), task, hyper, context);
    const repeated = await learner.fit(dataOf(repeat(x), repeat(target), classCount), task, hyper, context);
    const cells = Float64Array.from(x.flat());
    const answers = [weighted, repeated].map((model) => [...model.predict(cells, x.length)]);
    expect(difference(answers[0], answers[1])).toBeLessThan(1e-9);
  }
});

/** The margin of each output: log-odds of the answer, or the answer itself. */
const margins = (model: FittedModel, task: Task, x: Float64Array, rowCount: number) =>
  [...model.predict(x, rowCount)].map((p) =>
    task === 'binary' ? Math.log(p / (1 - p)) : task === 'multiclass' ? Math.log(p) : p,
  );

test('contributions are weight times distance from the mean, and with the base add up to the margin, loaded too', async () => {
  const { x, y, counts } = vectors.multinomial;
  const cases: [Learner, Task, number[], number][] = [
    [ridge, 'regression', y, 0],
    [logistic, 'binary', y.map((kind) => Number(kind === 1)), 2],
    [logistic, 'multiclass', y, 3],
  ];
  for (const [learner, task, target, classCount] of cases) {
    const data = dataOf(x, target, classCount, counts);
    const fitted = await learner.fit(data, task, { c: 1, alpha: 1 }, { seed: 0, threads: 1 });
    const shape = { featureCount: 7, categories: new Int32Array(7), classCount };
    const model = await learner.load(fitted.save(), task, shape);
    const { base, contributions } = model.explain!(data.x, data.rowCount);
    const sums = Array.from({ length: data.rowCount * base.length }, (_, at) =>
      contributions.subarray(7 * at, 7 * at + 7).reduce((sum, value) => sum + value, base[at % base.length]),
    );
    // A softmax is blind to what is added to all scores: its margins are compared less the first of their row.
    const lessFirst = (values: number[]) =>
      values.map((value, at) => value - (task === 'multiclass' ? values[at - (at % 3)] : 0));
    expect(difference(lessFirst(sums), lessFirst(margins(model, task, data.x, data.rowCount)))).toBeLessThan(
      1e-9,
    );
    // By the weights of the rows, the contributions of a feature are 0 on average.
    for (let j = 0; j < 7; j++) {
      const mean = counts.reduce(
        (sum, weight, row) => sum + weight * contributions[row * base.length * 7 + j],
        0,
      );
      expect(Math.abs(mean)).toBeLessThan(1e-9);
    }
  }
});

test('a file of an older version, without means, predicts and explains nothing', async () => {
  const [{ x, y }] = vectors.ridge;
  const saved = (await train(ridge, x, y, { alpha: 1 })).model.save();
  const { means: _, ...tensors } = saved.tensors;
  const shape = { featureCount: x[0].length, categories: new Int32Array(x[0].length), classCount: 0 };
  const model = await ridge.load({ facts: {}, tensors }, 'regression', shape);
  expect(model.predict(Float64Array.from(x[0]), 1)[0]).toBeTypeOf('number');
  expect(model.explain).toBeUndefined();
});

/** The rows of a case with each column repeated, and the answer that follows from the one with single columns. */
const repeated = (x: number[][], times: number) =>
  x.map((row) => Array.from({ length: times }, () => row).flat());

test('a table too wide to factor gives the same answer', async () => {
  // k copies of a column share its weight and cut its penalty to a k-th: the same as single columns at c k, alpha / k.
  const times = 70;
  const [{ x, y, answers }] = vectors.logistic;
  const wide = repeated(x, times);
  const found = await train(logistic, wide, y, { c: 1 / times });
  expect(difference(found.predictions, answers[1].predictions)).toBeLessThan(1e-8);

  const [regression] = vectors.ridge;
  const ridgeFound = await train(ridge, repeated(regression.x, times), regression.y, { alpha: times });
  expect(difference(ridgeFound.predictions, regression.answers[1].predictions)).toBeLessThan(1e-9);

  const kinds = vectors.multinomial;
  const data = dataOf(repeated(kinds.x, times), kinds.y, 3);
  const kindsFound = await fitOn(logistic, data, 'multiclass', { c: 1 / times });
  expect(difference(kindsFound.predictions, kinds.answers[1].predictions)).toBeLessThan(1e-6);
});

test('almost no penalty on separable and collinear data ends in an answer', async () => {
  for (const { x, y } of vectors.logistic) {
    const found = await train(logistic, x, y, { c: 1e10 });
    expect(found.weights.every(Number.isFinite)).toBe(true);
  }
});

test('what cannot be fitted is said in words', async () => {
  const [{ x, y }] = vectors.logistic;
  await expect(
    train(
      logistic,
      x,
      y.map(() => 1),
      { c: 1 },
    ),
  ).rejects.toThrow(/rows of both classes/);
  const holes = x.map((row, i) => (i === 3 ? [row[0], Number.NaN, ...row.slice(2)] : row));
  const { multinomial } = vectors;
  const four = fitOn(logistic, dataOf(multinomial.x, multinomial.y, 4), 'multiclass', { c: 1 });
  await expect(four).rejects.toThrow(/rows of every class/);
  await expect(train(logistic, holes, y, { c: 1 })).rejects.toThrow(/"f1", which has a missing value/);
  await expect(train(ridge, x, y, { alpha: 0 })).rejects.toThrow(/no single answer with alpha 0/);
});

test('an aborted signal ends training with its reason', async () => {
  const [{ x, y }] = vectors.logistic;
  const signal = AbortSignal.abort(new Error('stopped by hand'));
  await expect(
    logistic.fit(dataOf(x, y), 'binary', { c: 1 }, { seed: 0, threads: 1, signal }),
  ).rejects.toThrow('stopped by hand');
});

test('numbers too large to compute with end in words, not in a loop', async () => {
  const [{ x, y }] = vectors.logistic;
  const huge = x.map(([first, ...rest]) => [first * 1e200, ...rest]);
  await expect(train(logistic, huge, y, { c: 1 })).rejects.toThrow(/cannot compute with these features/);
});
