import { RiskopsError } from '../errors.js';
import type { FitContext, Learner, TrainingData } from './learner.js';
import { solveCholesky } from './linear/cholesky.js';
import { solveConjugateGradient } from './linear/conjugate-gradient.js';
import { addOuterProduct } from './linear/gram.js';
import {
  breathe,
  checkNothingMissing,
  featureMeans,
  fittedLinear,
  type LinearModel,
  linearScore,
  loadLinear,
  MOST_PARAMETERS_TO_FACTOR,
  totalWeight,
  weightOf,
} from './linear/linear-model.js';

/** The means of the features, and of the target: the intercept is left unpenalised by taking them off first. */
function centres(data: TrainingData): { xMean: Float64Array; yMean: number } {
  const { y, rowCount, weights } = data;
  const total = totalWeight(data);
  let yMean = 0;
  for (let row = 0; row < rowCount; row++) yMean += (y[row] * weightOf(weights, row)) / total;
  return { xMean: featureMeans(data), yMean };
}

type Centres = ReturnType<typeof centres>;

/** Calls `use` with each row's features less their means; the array is the same each time. */
function forEachCentredRow(
  data: TrainingData,
  { xMean }: Centres,
  use: (row: Float64Array, index: number) => void,
): void {
  const size = xMean.length;
  const centred = new Float64Array(size);
  for (let row = 0; row < data.rowCount; row++) {
    for (let j = 0; j < size; j++) centred[j] = data.x[row * size + j] - xMean[j];
    use(centred, row);
  }
}

function weightsByFactor(
  data: TrainingData,
  means: Centres,
  target: Float64Array,
  alpha: number,
): Float64Array {
  const size = means.xMean.length;
  const gram = new Float64Array(size * size);
  forEachCentredRow(data, means, (row, index) => addOuterProduct(gram, row, weightOf(data.weights, index)));
  for (let j = 0; j < size; j++) gram[j * size + j] += alpha;
  const weights = solveCholesky(gram, target, size);
  if (weights) return weights;
  const isHuge = gram.some((sum) => !Number.isFinite(sum));
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Ridge regression has no single answer with alpha ${alpha}.`,
    why: isHuge
      ? 'The squares of some features are beyond what a number can hold.'
      : 'Some features are sums of others within rounding.',
    fix: isHuge
      ? 'give the columns with huge values in a larger unit, or use --learner gradient-boosting'
      : 'a larger penalty, such as --set alpha=10, or leave out one of the columns',
  });
}

function weightsByIteration(
  data: TrainingData,
  means: Centres,
  target: Float64Array,
  alpha: number,
): Float64Array {
  const size = means.xMean.length;
  const diagonal = new Float64Array(size).fill(alpha);
  forEachCentredRow(data, means, (row, index) => {
    const weight = weightOf(data.weights, index);
    for (let j = 0; j < size; j++) diagonal[j] += weight * row[j] * row[j];
  });
  // A constant feature without a penalty has no curvature; its weight stays 0.
  for (let j = 0; j < size; j++) diagonal[j] ||= 1;
  const product = (vector: Float64Array) => {
    const sum = vector.map((value) => alpha * value);
    forEachCentredRow(data, means, (row, index) => {
      let score = 0;
      for (let j = 0; j < size; j++) score += row[j] * vector[j];
      score *= weightOf(data.weights, index);
      for (let j = 0; j < size; j++) sum[j] += score * row[j];
    });
    return sum;
  };
  return solveConjugateGradient(product, diagonal, target, 1e-13);
}

function fitRidge(data: TrainingData, means: Centres, alpha: number): LinearModel {
  const target = new Float64Array(means.xMean.length);
  forEachCentredRow(data, means, (row, index) => {
    const y = weightOf(data.weights, index) * (data.y[index] - means.yMean);
    for (let j = 0; j < row.length; j++) target[j] += row[j] * y;
  });
  const solve = target.length > MOST_PARAMETERS_TO_FACTOR ? weightsByIteration : weightsByFactor;
  const weights = solve(data, means, target, alpha);
  const intercept = weights.reduce((sum, weight, j) => sum - weight * means.xMean[j], means.yMean);
  return { weights, intercepts: Float64Array.of(intercept) };
}

/** What ridge minimises, over the rows' weight: the mean squared error plus alpha times the squared weights over that. */
function lossOf(model: LinearModel, data: TrainingData, alpha: number): number {
  const { x, y, rowCount, weights } = data;
  let loss = alpha * model.weights.reduce((sum, weight) => sum + weight * weight, 0);
  for (let row = 0; row < rowCount; row++)
    loss += weightOf(weights, row) * (linearScore(model, x, row) - y[row]) ** 2;
  return loss / totalWeight(data);
}

/**
 * Ridge regression: least squares (by the rows' weights) with an L2 penalty `alpha` on the weights, none on the intercept; the answer of
 * scikit-learn's `Ridge(alpha, solver='cholesky')`. Hoerl and Kennard, Technometrics 12 (1970) 55-67.
 */
export const ridge: Learner = {
  name: 'ridge',
  engine: 'riskops',
  summary: 'Ridge regression: linear, with an L2 penalty.',
  tasks: ['regression'],
  options: [
    {
      name: 'alpha',
      description: 'strength of the L2 penalty',
      default: 1,
      min: 0,
      max: 1e12,
      search: { low: 1e-3, high: 1e4, log: true },
    },
  ],
  recipe: [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }],
  async fit(data, _task, hyper, context: FitContext) {
    checkNothingMissing(data);
    await breathe(context.signal);
    const alpha = hyper['alpha'] as number;
    const means = centres(data);
    const model = fitRidge(data, means, alpha);
    context.onStep?.({ step: 1, of: 1, metrics: { loss: lossOf(model, data, alpha) } });
    return fittedLinear(model, 'regression', means.xMean);
  },
  load: loadLinear,
};
