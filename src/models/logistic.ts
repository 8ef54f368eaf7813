import { RiskopsError } from '../errors.js';
import type { FitContext, Learner, TrainingData } from './learner.js';
import {
  breathe,
  checkNothingMissing,
  fittedLinear,
  type LinearModel,
  loadLinear,
} from './linear/linear-model.js';
import { asModel, largestOf, newtonStep, objective, scoresOf } from './linear/newton.js';

const MOST_ITERATIONS = 100;
/** Converged when a whole Newton step moves no row's score by more than this: what is left is its square. */
const SCORE_TOLERANCE = 1e-8;

function checkBothClasses({ y }: TrainingData): void {
  if (y.includes(0) && y.includes(1)) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what: 'Logistic regression needs rows of both classes.',
    why: `All ${y.length} training rows are of one class.`,
    fix: 'another --split, or more data',
  });
}

async function fitLogistic(data: TrainingData, penalty: number, context: FitContext): Promise<LinearModel> {
  const parameters = new Float64Array(data.names.length + 1);
  let scores = scoresOf(data, parameters);
  let value = objective(data, scores, parameters, penalty);
  let stalled = 0;
  for (let step = 1; step <= MOST_ITERATIONS; step++) {
    await breathe(context.signal);
    const { length, reach } = newtonStep(data, parameters, scores, value, penalty);
    scores = scoresOf(data, parameters);
    const next = objective(data, scores, parameters, penalty);
    // Three steps in a row that gain nothing: as near as rounding lets it come.
    stalled = next < value ? 0 : stalled + 1;
    value = next;
    context.onStep?.({ step, of: MOST_ITERATIONS, metrics: { loss: value / data.rowCount } });
    const converged = length === 1 && reach <= SCORE_TOLERANCE * Math.max(1, largestOf(scores));
    if (converged || stalled === 3) return asModel(parameters);
  }
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Logistic regression did not converge in ${MOST_ITERATIONS} iterations.`,
    why: `A penalty as weak as c ${1 / penalty} leaves it almost no single answer on these rows.`,
    fix: 'a smaller c, or the scale step in the recipe',
  });
}

/**
 * L2-regularised logistic regression, solved to convergence by Newton's method: minimises the sum of log losses plus
 * the squared weights / (2 c), the intercept unpenalised; the converged answer of scikit-learn's `LogisticRegression(C)`.
 * Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.4.
 */
export const logistic: Learner = {
  name: 'logistic',
  engine: 'riskops',
  summary: 'Logistic regression: linear, with an L2 penalty.',
  tasks: ['binary'],
  options: [
    { name: 'c', description: 'inverse strength of the L2 penalty', default: 1, min: 1e-10, max: 1e10 },
  ],
  recipe: [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }],
  async fit(data, _task, hyper, context) {
    checkNothingMissing(data);
    checkBothClasses(data);
    return fittedLinear(await fitLogistic(data, 1 / (hyper['c'] as number), context), 'binary');
  },
  load: loadLinear,
};
