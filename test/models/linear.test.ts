import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Hyper, Learner, Task } from '../../src/models/learner.js';
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
const vectors: { logistic: Case[]; ridge: Case[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, 'vectors', 'linear.json'), 'utf8'),
);

const dataOf = (x: number[][], y: number[]) => ({
  x: Float64Array.from(x.flat()),
  y: Float64Array.from(y),
  rowCount: y.length,
  names: x[0].map((_, j) => `f${j}`),
});

async function train(learner: Learner, x: number[][], y: number[], hyper: Hyper) {
  const losses: number[] = [];
  const data = dataOf(x, y);
  const task = learner.tasks[0] as Task;
  const context = {
    seed: 0,
    threads: 1,
    onStep: (step: { metrics: Record<string, number> }) => losses.push(step.metrics['loss']),
  };
  const model = await learner.fit(data, task, hyper, context);
  const { weights, intercept } = model.save().tensors;
  return {
    weights: [...weights.data],
    intercept: intercept.data[0],
    predictions: [...model.predict(data.x, y.length)],
    losses,
  };
}

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
      expect(difference([found.intercept], [answer.intercept])).toBeLessThan(1e-7);
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
      expect(difference([found.intercept], [answer.intercept])).toBeLessThan(1e-9);
      expect(difference(found.predictions, answer.predictions)).toBeLessThan(1e-9);
    });
  }
}

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
