import { RiskopsError } from '../../errors.js';
import type { Explanation, FittedModel, ModelShape, SavedModel, Task, TrainingData } from '../learner.js';
import { checkTensorNames, finiteTensorOf } from '../saved-model.js';

export interface LinearModel {
  /** outputs x features. */
  weights: Float64Array;
  /** One an output. */
  intercepts: Float64Array;
}

/** Above this many parameters a matrix of parameters x parameters is not built: conjugate gradients take over. */
export const MOST_PARAMETERS_TO_FACTOR = 500;

/** Lets timers, signals and messages in between two iterations, and ends when training was aborted. */
export async function breathe(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** A linear learner multiplies every value: one that is missing would make every weight NaN. */
export function checkNothingMissing({ x, names }: TrainingData): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what: `A linear learner cannot use feature "${names[at % names.length]}", which has a missing value.`,
    why: 'Its recipe must fill missing values.',
    fix: 'add { kind: "impute" } to the recipe',
  });
}

/** How much a row counts. */
export const weightOf = (weights: Float64Array | null, row: number): number =>
  weights === null ? 1 : weights[row];

/** How much all rows count together. */
export const totalWeight = ({ weights, rowCount }: TrainingData): number =>
  weights === null ? rowCount : weights.reduce((sum, weight) => sum + weight, 0);

/** The mean of each feature over the rows, by their weights. */
export function featureMeans(data: TrainingData): Float64Array {
  const { x, weights, rowCount, names } = data;
  const size = names.length;
  const total = totalWeight(data);
  const means = new Float64Array(size);
  for (let row = 0; row < rowCount; row++) {
    const share = weightOf(weights, row) / total;
    for (let j = 0; j < size; j++) means[j] += x[row * size + j] * share;
  }
  return means;
}

/** The score of an output: its intercept + the weighted sum of one row's features, added up in their order. */
export function linearScore(model: LinearModel, x: Float64Array, row: number, output = 0): number {
  const { weights, intercepts } = model;
  const size = weights.length / intercepts.length;
  const from = row * size;
  const first = output * size;
  let sum = intercepts[output];
  for (let j = 0; j < size; j++) sum += weights[first + j] * x[from + j];
  return sum;
}

/** The scores of all rows: rowCount x outputs. */
export function linearScores(model: LinearModel, x: Float64Array, rowCount: number): Float64Array {
  const outputs = model.intercepts.length;
  const scores = new Float64Array(rowCount * outputs);
  for (let row = 0; row < rowCount; row++) {
    for (let k = 0; k < outputs; k++) scores[row * outputs + k] = linearScore(model, x, row, k);
  }
  return scores;
}

/** 1 / (1 + exp(-score)). */
export const sigmoid = (score: number) => 1 / (1 + Math.exp(-score));

/** The probabilities exp(score) / sum of exp(scores) in the place of the `count` scores from `at`. */
export function softmaxInPlace(scores: Float64Array, at: number, count: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = at; k < at + count; k++) largest = Math.max(largest, scores[k]);
  let sum = 0;
  for (let k = at; k < at + count; k++) {
    scores[k] = Math.exp(scores[k] - largest);
    sum += scores[k];
  }
  for (let k = at; k < at + count; k++) scores[k] /= sum;
}

/** A feature's part in a score is its weight times how far it is from its mean: exact, because the score is a sum. */
function explainLinear(model: LinearModel, means: Float64Array, x: Float64Array, rowCount: number) {
  const { weights, intercepts } = model;
  const size = means.length;
  const outputs = intercepts.length;
  const contributions = new Float64Array(rowCount * outputs * size);
  for (let row = 0, at = 0; row < rowCount; row++) {
    for (let k = 0; k < outputs; k++) {
      for (let j = 0; j < size; j++)
        contributions[at++] = weights[k * size + j] * (x[row * size + j] - means[j]);
    }
  }
  return { base: linearScores(model, means, 1), contributions } satisfies Explanation;
}

/**
 * The model as it predicts and as it is saved: probabilities for classes, plain scores for `regression`. `means` are those of the
 * training rows; null where an older file lacks them, and then nothing can be explained.
 */
export function fittedLinear(model: LinearModel, task: Task, means: Float64Array | null): FittedModel {
  const { weights, intercepts } = model;
  const outputs = intercepts.length;
  const size = weights.length / outputs;
  return {
    predict(x, rowCount) {
      const scores = linearScores(model, x, rowCount);
      if (task === 'binary') return scores.map(sigmoid);
      if (task === 'multiclass') {
        for (let row = 0; row < rowCount; row++) softmaxInPlace(scores, row * outputs, outputs);
      }
      return scores;
    },
    save: () => ({
      facts: {},
      tensors: {
        weights: { type: 'F64', shape: task === 'multiclass' ? [outputs, size] : [size], data: weights },
        intercept: { type: 'F64', shape: [outputs], data: intercepts },
        ...(means === null ? {} : { means: { type: 'F64' as const, shape: [size], data: means } }),
      },
    }),
    ...(means === null
      ? {}
      : { explain: (x: Float64Array, rowCount: number) => explainLinear(model, means, x, rowCount) }),
  };
}

/** The same again from a model file's content. */
export function loadLinear(
  saved: SavedModel,
  task: Task,
  { featureCount, classCount }: ModelShape,
): FittedModel {
  checkTensorNames(saved, ['weights', 'intercept', 'means']);
  const outputs = task === 'multiclass' ? classCount : 1;
  const shape = task === 'multiclass' ? [outputs, featureCount] : [featureCount];
  const weights = finiteTensorOf(saved, 'weights', 'F64', shape);
  const intercepts = finiteTensorOf(saved, 'intercept', 'F64', [outputs]);
  const hasMeans = Object.hasOwn(saved.tensors, 'means');
  const means = hasMeans ? finiteTensorOf(saved, 'means', 'F64', [featureCount]) : null;
  return fittedLinear({ weights, intercepts }, task, means);
}
