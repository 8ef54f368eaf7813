import { RiskopsError } from '../../errors.js';
import type { FittedModel, SavedModel, Task, TrainingData } from '../learner.js';
import { checkTensorNames, finiteTensorOf } from '../saved-model.js';

export interface LinearModel {
  /** One weight a feature. */
  weights: Float64Array;
  intercept: number;
}

/** Above this many features a matrix of features x features is not built: conjugate gradients take over. */
export const MOST_FEATURES_TO_FACTOR = 500;

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

/** `intercept` + the weighted sum of one row's features, added up in their order. */
export function linearScore(model: LinearModel, x: Float64Array, row: number): number {
  const { weights } = model;
  const start = row * weights.length;
  let sum = model.intercept;
  for (let j = 0; j < weights.length; j++) sum += weights[j] * x[start + j];
  return sum;
}

/** 1 / (1 + exp(-score)). */
export const sigmoid = (score: number) => 1 / (1 + Math.exp(-score));

/** The model as it predicts and as it is saved: probabilities for `binary`, plain scores for `regression`. */
export function fittedLinear(model: LinearModel, task: Task): FittedModel {
  return {
    predict(x, rowCount) {
      const predictions = new Float64Array(rowCount);
      for (let row = 0; row < rowCount; row++) {
        const score = linearScore(model, x, row);
        predictions[row] = task === 'binary' ? sigmoid(score) : score;
      }
      return predictions;
    },
    save: () => ({
      facts: {},
      tensors: {
        weights: { type: 'F64', shape: [model.weights.length], data: model.weights },
        intercept: { type: 'F64', shape: [1], data: Float64Array.of(model.intercept) },
      },
    }),
  };
}

/** The same again from a model file's content. */
export function loadLinear(saved: SavedModel, task: Task, featureCount: number): FittedModel {
  checkTensorNames(saved, ['weights', 'intercept']);
  const weights = finiteTensorOf(saved, 'weights', 'F64', [featureCount]);
  const intercept = finiteTensorOf(saved, 'intercept', 'F64', [1])[0];
  return fittedLinear({ weights, intercept }, task);
}
