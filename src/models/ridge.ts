import { RiskopsError } from '../errors.js';
import type { FitContext, Learner, TrainingData } from './learner.js';
import { solveCholesky } from './linear/cholesky.js';
import { solveConjugateGradient } from './linear/conjugate-gradient.js';
import { addOuterProduct } from './linear/gram.js';
import {
  breathe,
  checkNothingMissing,
  fittedLinear,
  type LinearModel,
  linearScore,
  loadLinear,
  MOST_FEATURES_TO_FACTOR,
} from './linear/linear-model.js';

/** The means of the features, and of the target: the intercept is left unpenalised by taking them off first. */
function centres({ x, y, rowCount, names }: TrainingData): { xMean: Float64Array; yMean: number } {
  const size = names.length;
  const xMean = new Float64Array(size);
  let yMean = 0;
  for (let row = 0; row < rowCount; row++) {
    for (let j = 0; j < size; j++) xMean[j] += x[row * size + j] / rowCount;
    yMean += y[row] / rowCount;
  }
  return { xMean, yMean };
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
  forEachCentredRow(data, means, (row) => addOuterProduct(gram, row, 1));
  for (let j = 0; j < size; j++) gram[j * size + j] += alpha;
  const weights = solveCholesky(gram, target, size);
  if (weights) return weights;
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Ridge regression has no single answer with alpha ${alpha}.`,
    why: 'Some features are sums of others within rounding.',
    fix: 'a larger alpha, such as --alpha 1',
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
  forEachCentredRow(data, means, (row) => {
    for (let j = 0; j < size; j++) diagonal[j] += row[j] * row[j];
  });
  // A constant feature without a penalty has no curvature; its weight stays 0.
  for (let j = 0; j < size; j++) diagonal[j] ||= 1;
  const product = (vector: Float64Array) => {
    const sum = vector.map((value) => alpha * value);
    forEachCentredRow(data, means, (row) => {
      let score = 0;
      for (let j = 0; j < size; j++) score += row[j] * vector[j];
      for (let j = 0; j < size; j++) sum[j] += score * row[j];
    });
    return sum;
  };
  return solveConjugateGradient(product, diagonal, target, 1e-13);
}

function fitRidge(data: TrainingData, alpha: number): LinearModel {
  const means = centres(data);
  const target = new Float64Array(means.xMean.length);
  forEachCentredRow(data, means, (row, index) => {
    const y = data.y[index] - means.yMean;
    for (let j = 0; j < row.length; j++) target[j] += row[j] * y;
  });
  const solve = target.length > MOST_FEATURES_TO_FACTOR ? weightsByIteration : weightsByFactor;
  const weights = solve(data, means, target, alpha);
  const intercept = weights.reduce((sum, weight, j) => sum - weight * means.xMean[j], means.yMean);
  return { weights, intercept };
}

/** What ridge minimises, a row: the mean squared error plus alpha times the squared weights over the rows. */
function lossOf(model: LinearModel, { x, y, rowCount }: TrainingData, alpha: number): number {
  let loss = alpha * model.weights.reduce((sum, weight) => sum + weight * weight, 0);
  for (let row = 0; row < rowCount; row++) loss += (linearScore(model, x, row) - y[row]) ** 2;
  return loss / rowCount;
}

/**
 * Ridge regression: least squares with an L2 penalty `alpha` on the weights, none on the intercept; the answer of
 * scikit-learn's `Ridge(alpha, solver='cholesky')`. Hoerl and Kennard, Technometrics 12 (1970) 55-67.
 */
export const ridge: Learner = {
  name: 'ridge',
  engine: 'riskops',
  summary: 'Ridge regression: linear, with an L2 penalty.',
  tasks: ['regression'],
  options: [{ name: 'alpha', description: 'strength of the L2 penalty', default: 1, min: 0, max: 1e12 }],
  recipe: [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }],
  async fit(data, _task, hyper, context: FitContext) {
    checkNothingMissing(data);
    await breathe(context.signal);
    const alpha = hyper['alpha'] as number;
    const model = fitRidge(data, alpha);
    context.onStep?.({ step: 1, of: 1, metrics: { loss: lossOf(model, data, alpha) } });
    return fittedLinear(model, 'regression');
  },
  load: loadLinear,
};
