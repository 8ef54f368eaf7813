import type { TrainingData } from '../learner.js';
import { type LinearModel, linearScores, sigmoid, softmaxInPlace, weightOf } from './linear-model.js';

/** The parameters in one array: of each output a weight a feature, then the intercept. */
export type Parameters = Float64Array;

/**
 * What logistic regression minimises: the rows' log losses by their weights, plus half the squared weights times `penalty`.
 * With one output the score is the log-odds of class 1; with K, one for each class, probabilities are their softmax.
 */
export interface LogisticLoss {
  data: TrainingData;
  outputs: number;
  penalty: number;
}

export function asModel(parameters: Parameters, outputs: number): LinearModel {
  const size = parameters.length / outputs - 1;
  const weights = new Float64Array(outputs * size);
  const intercepts = new Float64Array(outputs);
  for (let k = 0; k < outputs; k++) {
    const from = k * (size + 1);
    weights.set(parameters.subarray(from, from + size), k * size);
    intercepts[k] = parameters[from + size];
  }
  return { weights, intercepts };
}

/** rowCount x outputs. */
export const scoresAt = ({ data, outputs }: LogisticLoss, parameters: Parameters): Float64Array =>
  linearScores(asModel(parameters, outputs), data.x, data.rowCount);

/** -log of the probability that the scores from `at` give to class y. */
function rowLoss(scores: Float64Array, at: number, outputs: number, y: number): number {
  if (outputs === 1) {
    const score = scores[at];
    return Math.max(score, 0) - y * score + Math.log1p(Math.exp(-Math.abs(score)));
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < outputs; k++) largest = Math.max(largest, scores[at + k]);
  let sum = 0;
  for (let k = 0; k < outputs; k++) sum += Math.exp(scores[at + k] - largest);
  return largest + Math.log(sum) - scores[at + y];
}

export function lossAt(loss: LogisticLoss, scores: Float64Array, parameters: Parameters): number {
  const { data, outputs, penalty } = loss;
  const width = parameters.length / outputs;
  let sum = 0;
  for (let j = 0; j < parameters.length; j++) {
    if (j % width !== width - 1) sum += 0.5 * penalty * parameters[j] * parameters[j];
  }
  for (let row = 0; row < data.rowCount; row++) {
    const weight = weightOf(data.weights, row);
    sum += weight * rowLoss(scores, row * outputs, outputs, data.y[row]);
  }
  return sum;
}

/** Row `row` with a 1 for the intercept behind it, into `target`. */
export function copyRow(data: TrainingData, row: number, target: Float64Array): void {
  const size = data.names.length;
  for (let j = 0; j < size; j++) target[j] = data.x[row * size + j];
  target[size] = 1;
}

/** The loss's gradient, and the probabilities that the scores give: rowCount x outputs. */
export function gradientAt(loss: LogisticLoss, scores: Float64Array, parameters: Parameters) {
  const { data, outputs, penalty } = loss;
  const width = parameters.length / outputs;
  const probabilities = outputs === 1 ? scores.map(sigmoid) : scores.slice();
  const gradient = parameters.map((value, j) => (j % width === width - 1 ? 0 : penalty * value));
  const row = new Float64Array(width);
  for (let i = 0; i < data.rowCount; i++) {
    if (outputs > 1) softmaxInPlace(probabilities, i * outputs, outputs);
    const weight = weightOf(data.weights, i);
    copyRow(data, i, row);
    for (let k = 0; k < outputs; k++) {
      const truth = outputs === 1 ? data.y[i] : Number(data.y[i] === k);
      const error = weight * (probabilities[i * outputs + k] - truth);
      for (let j = 0; j < width; j++) gradient[k * width + j] += error * row[j];
    }
  }
  return { gradient, probabilities };
}
