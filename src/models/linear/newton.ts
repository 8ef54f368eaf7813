import { RiskopsError } from '../../errors.js';
import type { TrainingData } from '../learner.js';
import { solveCholesky } from './cholesky.js';
import { solveConjugateGradient } from './conjugate-gradient.js';
import { addOuterProduct } from './gram.js';
import { type LinearModel, linearScore, MOST_FEATURES_TO_FACTOR, sigmoid } from './linear-model.js';

/** The parameters in one array: a weight a feature, then the intercept. */
export type Parameters = Float64Array;

export const asModel = (parameters: Parameters): LinearModel => ({
  weights: parameters.subarray(0, -1),
  intercept: parameters[parameters.length - 1],
});

export function scoresOf(data: TrainingData, parameters: Parameters): Float64Array {
  const model = asModel(parameters);
  return Float64Array.from({ length: data.rowCount }, (_, row) => linearScore(model, data.x, row));
}

/** The sum of the rows' log losses and of half the squared weights times `penalty`. */
export function objective(
  data: TrainingData,
  scores: Float64Array,
  parameters: Parameters,
  penalty: number,
): number {
  let sum = 0;
  for (let j = 0; j < parameters.length - 1; j++) sum += 0.5 * penalty * parameters[j] * parameters[j];
  for (let row = 0; row < data.rowCount; row++) {
    const score = scores[row];
    sum += Math.max(score, 0) - data.y[row] * score + Math.log1p(Math.exp(-Math.abs(score)));
  }
  return sum;
}

/** Row `row` with a 1 for the intercept behind it, into `target`. */
function copyRow(data: TrainingData, row: number, target: Float64Array): void {
  const size = data.names.length;
  for (let j = 0; j < size; j++) target[j] = data.x[row * size + j];
  target[size] = 1;
}

/** The objective's gradient, and the curvature p (1 - p) of each row. */
function derivatives(data: TrainingData, scores: Float64Array, parameters: Parameters, penalty: number) {
  const gradient = parameters.map((value) => penalty * value);
  gradient[gradient.length - 1] = 0;
  const curvature = new Float64Array(data.rowCount);
  const row = new Float64Array(parameters.length);
  for (let i = 0; i < data.rowCount; i++) {
    const probability = sigmoid(scores[i]);
    curvature[i] = probability * (1 - probability);
    const error = probability - data.y[i];
    copyRow(data, i, row);
    for (let j = 0; j < row.length; j++) gradient[j] += error * row[j];
  }
  return { gradient, curvature };
}

/** The Newton step by a factored Hessian; where rounding makes it indefinite, with a little more on its diagonal. */
function stepByFactor(
  data: TrainingData,
  curvature: Float64Array,
  downhill: Float64Array,
  penalty: number,
): Float64Array {
  const size = downhill.length;
  const hessian = new Float64Array(size * size);
  const row = new Float64Array(size);
  for (let i = 0; i < data.rowCount; i++) {
    copyRow(data, i, row);
    addOuterProduct(hessian, row, curvature[i]);
  }
  let largest = 0;
  for (let j = 0; j < size; j++) {
    if (j < size - 1) hessian[j * size + j] += penalty;
    largest = Math.max(largest, hessian[j * size + j]);
  }
  for (let extra = 0; extra < largest; extra = Math.max(extra * 100, largest * 1e-15)) {
    const matrix = hessian.slice();
    for (let j = 0; j < size; j++) matrix[j * size + j] += extra;
    const step = solveCholesky(matrix, downhill, size);
    if (step) return step;
  }
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'Logistic regression cannot compute with these features.',
    why: 'Their squares are larger than a number can be.',
    fix: 'leave out the column with the huge values with --drop COLUMN',
  });
}

/** The Newton step without the Hessian itself, for many features. */
function stepByIteration(
  data: TrainingData,
  curvature: Float64Array,
  downhill: Float64Array,
  penalty: number,
): Float64Array {
  const size = downhill.length;
  const row = new Float64Array(size);
  const penalties = new Float64Array(size).fill(penalty, 0, size - 1);
  const diagonal = penalties.slice();
  for (let i = 0; i < data.rowCount; i++) {
    copyRow(data, i, row);
    for (let j = 0; j < size; j++) diagonal[j] += curvature[i] * row[j] * row[j];
  }
  for (let j = 0; j < size; j++) diagonal[j] ||= 1;
  const product = (vector: Float64Array) => {
    const sum = vector.map((value, j) => penalties[j] * value);
    const model = asModel(vector);
    for (let i = 0; i < data.rowCount; i++) {
      const factor = curvature[i] * linearScore(model, data.x, i);
      copyRow(data, i, row);
      for (let j = 0; j < size; j++) sum[j] += factor * row[j];
    }
    return sum;
  };
  return solveConjugateGradient(product, diagonal, downhill, 1e-9);
}

export const largestOf = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Halves the step until the objective falls as much as its slope promises (Armijo), or rounding hides the fall. */
function shortenStep(objectiveAt: (length: number) => number, from: number, slope: number): number {
  const rounding = 1e-14 * Math.abs(from);
  for (let length = 1; length > 1e-10; length /= 2) {
    if (objectiveAt(length) <= from + 1e-4 * length * slope + rounding) return length;
  }
  return 0;
}

/**
 * One Newton step from `parameters`, which it moves: how far it went (1 = a whole step), and the most that a whole
 * step changes a row's score.
 */
export function newtonStep(
  data: TrainingData,
  parameters: Parameters,
  scores: Float64Array,
  from: number,
  penalty: number,
) {
  const { gradient, curvature } = derivatives(data, scores, parameters, penalty);
  const downhill = gradient.map((value) => -value);
  const direction = (parameters.length > MOST_FEATURES_TO_FACTOR ? stepByIteration : stepByFactor)(
    data,
    curvature,
    downhill,
    penalty,
  );
  const change = scoresOf(data, direction);
  const slope = direction.reduce((sum, value, j) => sum + value * gradient[j], 0);
  const moved = (length: number) => parameters.map((value, j) => value + length * direction[j]);
  const movedScores = (length: number) => scores.map((score, i) => score + length * change[i]);
  const length = shortenStep((at) => objective(data, movedScores(at), moved(at), penalty), from, slope);
  parameters.set(moved(length));
  return { length, reach: largestOf(change) };
}
