import type { Task } from '../learner.js';

export const LOSSES = ['mse', 'mae', 'huber'] as const;
export type LossName = (typeof LOSSES)[number];

/**
 * The loss of one row, whose answers begin at `answers[at]`; its derivatives by them go to the same places of `slopes`. `target`
 * is the scaled target, or the class.
 */
export type Loss = (answers: Float64Array, slopes: Float64Array, at: number, target: number) => number;

const squared: Loss = (answers, slopes, at, target) => {
  const error = answers[at] - target;
  slopes[at] = 2 * error;
  return error * error;
};

const absolute: Loss = (answers, slopes, at, target) => {
  const error = answers[at] - target;
  slopes[at] = Math.sign(error);
  return Math.abs(error);
};

/** Half the square up to `delta`, and a straight line from there (Huber 1964). */
const huber =
  (delta: number): Loss =>
  (answers, slopes, at, target) => {
    const error = answers[at] - target;
    const size = Math.abs(error);
    slopes[at] = size <= delta ? error : delta * Math.sign(error);
    return size <= delta ? 0.5 * error * error : delta * (size - 0.5 * delta);
  };

/** Cross entropy of two classes; the answer is the log-odds. */
const binary: Loss = (answers, slopes, at, target) => {
  const odds = answers[at];
  slopes[at] = 1 / (1 + Math.exp(-odds)) - target;
  return Math.max(odds, 0) - odds * target + Math.log1p(Math.exp(-Math.abs(odds)));
};

/** Replaces `count` logits from `at` on by the classes' probabilities; returns the logarithm of the sum of their exponents. */
export function softmax(logits: Float64Array, at: number, count: number): number {
  let highest = logits[at];
  for (let k = 1; k < count; k++) highest = Math.max(highest, logits[at + k]);
  let sum = 0;
  for (let k = 0; k < count; k++) sum += logits[at + k] = Math.exp(logits[at + k] - highest);
  for (let k = 0; k < count; k++) logits[at + k] /= sum;
  return highest + Math.log(sum);
}

/** Cross entropy of many classes; the answers are their logits. */
const multiclass =
  (classes: number): Loss =>
  (answers, slopes, at, target) => {
    for (let k = 0; k < classes; k++) slopes[at + k] = answers[at + k];
    const total = softmax(slopes, at, classes);
    slopes[at + target] -= 1;
    return total - answers[at + target];
  };

/** The loss that a task is trained by: cross entropy for classes, and for a regression the one that is asked for. */
export function lossFor(task: Task, outputs: number, name: LossName, delta: number): Loss {
  if (task === 'binary') return binary;
  if (task === 'multiclass') return multiclass(outputs);
  return name === 'mse' ? squared : name === 'mae' ? absolute : huber(delta);
}
