import { RiskopsError } from '../../errors.js';
import { solveCholesky } from './cholesky.js';
import { solveConjugateGradient } from './conjugate-gradient.js';
import { addOuterProduct } from './gram.js';
import { linearScores, MOST_PARAMETERS_TO_FACTOR, weightOf } from './linear-model.js';
import {
  asModel,
  copyRow,
  gradientAt,
  type LogisticLoss,
  lossAt,
  type Parameters,
  scoresAt,
} from './logistic-loss.js';

/** The loss's second derivatives, a row: its weight times diag(p) - p p' over the outputs, times the features' outer product. */
interface Curvature extends LogisticLoss {
  probabilities: Float64Array;
}

/** How much a row's score of output `b` bends the loss together with that of `a`. */
function bendOf({ data, outputs, probabilities }: Curvature, row: number, a: number, b: number): number {
  const weight = weightOf(data.weights, row);
  const p = probabilities[row * outputs + a];
  return weight * (a === b ? p * (1 - p) : -p * probabilities[row * outputs + b]);
}

/** The matrix of second derivatives, its lower triangle filled. */
function hessianOf(curvature: Curvature): Float64Array {
  const { data, outputs, penalty } = curvature;
  const width = data.names.length + 1;
  const size = outputs * width;
  const hessian = new Float64Array(size * size);
  const block = new Float64Array(width * width);
  const row = new Float64Array(width);
  for (let a = 0; a < outputs; a++) {
    for (let b = 0; b <= a; b++) {
      block.fill(0);
      for (let i = 0; i < data.rowCount; i++) {
        copyRow(data, i, row);
        addOuterProduct(block, row, bendOf(curvature, i, a, b));
      }
      for (let i = 0; i < width; i++) {
        for (let j = 0; j < width; j++) {
          hessian[(a * width + i) * size + b * width + j] = block[Math.max(i, j) * width + Math.min(i, j)];
        }
      }
    }
    for (let j = 0; j < width - 1; j++) hessian[(a * width + j) * (size + 1)] += penalty;
  }
  return hessian;
}

/**
 * The same number added to all intercepts changes no probability, so the matrix is flat in that direction. A bend there makes it
 * definite, and changes no step: the gradient has no part in that direction.
 */
function bendIntercepts(hessian: Float64Array, outputs: number, width: number, by: number): void {
  const size = outputs * width;
  for (let a = 1; a <= outputs; a++) {
    for (let b = 1; b <= a; b++) hessian[(a * width - 1) * size + b * width - 1] += by;
  }
}

/** The Newton step by a factored Hessian; where rounding makes it indefinite, with a little more on its diagonal. */
function stepByFactor(curvature: Curvature, downhill: Float64Array): Float64Array {
  const { outputs } = curvature;
  const size = downhill.length;
  const hessian = hessianOf(curvature);
  let largest = 0;
  for (let j = 0; j < size; j++) largest = Math.max(largest, hessian[j * size + j]);
  if (outputs > 1) bendIntercepts(hessian, outputs, size / outputs, hessian[size * size - 1] || 1);
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

/** The Newton step without the Hessian itself, for many parameters. */
function stepByIteration(curvature: Curvature, downhill: Float64Array): Float64Array {
  const { data, outputs, penalty, probabilities } = curvature;
  const width = downhill.length / outputs;
  const row = new Float64Array(width);
  const penalties = downhill.map((_, j) => (j % width === width - 1 ? 0 : penalty));
  const diagonal = penalties.slice();
  for (let i = 0; i < data.rowCount; i++) {
    copyRow(data, i, row);
    for (let k = 0; k < outputs; k++) {
      const bend = bendOf(curvature, i, k, k);
      for (let j = 0; j < width; j++) diagonal[k * width + j] += bend * row[j] * row[j];
    }
  }
  for (let j = 0; j < diagonal.length; j++) diagonal[j] ||= 1;
  const product = (vector: Float64Array) => {
    const sum = vector.map((value, j) => penalties[j] * value);
    const scores = linearScores(asModel(vector, outputs), data.x, data.rowCount);
    for (let i = 0; i < data.rowCount; i++) {
      const at = i * outputs;
      const weight = weightOf(data.weights, i);
      let mean = 0;
      for (let k = 0; k < outputs; k++) mean += probabilities[at + k] * scores[at + k];
      copyRow(data, i, row);
      for (let k = 0; k < outputs; k++) {
        const p = probabilities[at + k];
        // (1 - p) s less the others' share of the mean: with one output nothing cancels.
        const factor = weight * p * ((1 - p) * scores[at + k] - (mean - p * scores[at + k]));
        for (let j = 0; j < width; j++) sum[k * width + j] += factor * row[j];
      }
    }
    return sum;
  };
  return solveConjugateGradient(product, diagonal, downhill, 1e-9);
}

export const largestOf = (values: Float64Array) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Halves the step until the loss falls as much as its slope promises (Armijo), or rounding hides the fall. */
function shortenStep(lossAfter: (length: number) => number, from: number, slope: number): number {
  const rounding = 1e-14 * Math.abs(from);
  for (let length = 1; length > 1e-10; length /= 2) {
    if (lossAfter(length) <= from + 1e-4 * length * slope + rounding) return length;
  }
  return 0;
}

/**
 * One Newton step from `parameters`, which it moves: how far it went (1 = a whole step), and the most that a whole
 * step changes a row's score. `from` is the loss at the scores of these parameters.
 */
export function newtonStep(loss: LogisticLoss, parameters: Parameters, scores: Float64Array, from: number) {
  const { gradient, probabilities } = gradientAt(loss, scores, parameters);
  const downhill = gradient.map((value) => -value);
  const step = parameters.length > MOST_PARAMETERS_TO_FACTOR ? stepByIteration : stepByFactor;
  const direction = step({ ...loss, probabilities }, downhill);
  const change = scoresAt(loss, direction);
  const slope = direction.reduce((sum, value, j) => sum + value * gradient[j], 0);
  const moved = (length: number) => parameters.map((value, j) => value + length * direction[j]);
  const movedScores = (length: number) => scores.map((score, i) => score + length * change[i]);
  const length = shortenStep((at) => lossAt(loss, movedScores(at), moved(at)), from, slope);
  parameters.set(moved(length));
  return { length, reach: largestOf(change) };
}
