import { RiskopsError } from '../errors.js';
import type { FitContext, Learner, Task, TrainingData } from './learner.js';
import {
  breathe,
  checkNothingMissing,
  featureMeans,
  fittedLinear,
  type LinearModel,
  loadLinear,
  totalWeight,
} from './linear/linear-model.js';
import { asModel, type LogisticLoss, lossAt, scoresAt } from './linear/logistic-loss.js';
import { largestOf, newtonStep } from './linear/newton.js';

const MOST_ITERATIONS = 100;
/** Converged when a whole Newton step moves no row's score by more than this: what is left is its square. */
const SCORE_TOLERANCE = 1e-8;

/** Without rows of a class its intercept would go to minus infinity. */
function checkEveryClass({ y, classCount }: TrainingData, task: Task): void {
  const present = new Set(y).size;
  if (present === classCount) return;
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Logistic regression needs rows of ${task === 'binary' ? 'both classes' : 'every class'}.`,
    why:
      present === 1
        ? `All ${y.length} training rows are of one class.`
        : `The ${y.length} training rows are of ${present} classes, of ${classCount}.`,
    fix: 'another --split, or more data',
  });
}

async function fitLogistic(loss: LogisticLoss, context: FitContext): Promise<LinearModel> {
  const { data, outputs, penalty } = loss;
  const parameters = new Float64Array(outputs * (data.names.length + 1));
  let scores = scoresAt(loss, parameters);
  let value = lossAt(loss, scores, parameters);
  const total = totalWeight(data);
  let stalled = 0;
  for (let step = 1; step <= MOST_ITERATIONS; step++) {
    await breathe(context.signal);
    const { length, reach } = newtonStep(loss, parameters, scores, value);
    scores = scoresAt(loss, parameters);
    const next = lossAt(loss, scores, parameters);
    // Three steps in a row that gain nothing: as near as rounding lets it come.
    stalled = next < value ? 0 : stalled + 1;
    value = next;
    context.onStep?.({ step, of: MOST_ITERATIONS, metrics: { loss: value / total } });
    const converged = length === 1 && reach <= SCORE_TOLERANCE * Math.max(1, largestOf(scores));
    if (converged || stalled === 3) return asModel(parameters, outputs);
  }
  throw new RiskopsError('TRAINING_FAILED', {
    what: `Logistic regression did not converge in ${MOST_ITERATIONS} iterations.`,
    why: `A penalty as weak as c ${1 / penalty} leaves it almost no single answer on these rows.`,
    fix: 'a smaller c, or the scale step in the recipe',
  });
}

/**
 * L2-regularised logistic regression, solved to convergence by Newton's method: minimises the sum of the rows' log losses (times
 * their weights) plus the squared weights / (2 c), the intercepts unpenalised; the converged answer of scikit-learn's
 * `LogisticRegression(C)`, for several classes of its `multi_class='multinomial'`.
 * Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 4.4.
 */
export const logistic: Learner = {
  name: 'logistic',
  engine: 'riskops',
  summary: 'Logistic regression: linear, with an L2 penalty.',
  tasks: ['binary', 'multiclass'],
  options: [
    {
      name: 'c',
      description: 'inverse strength of the L2 penalty',
      default: 1,
      min: 1e-10,
      max: 1e10,
      search: { low: 1e-3, high: 1e3, log: true },
    },
  ],
  recipe: [{ kind: 'impute' }, { kind: 'one-hot' }, { kind: 'scale' }],
  async fit(data, task, hyper, context) {
    checkNothingMissing(data);
    checkEveryClass(data, task);
    const outputs = task === 'multiclass' ? data.classCount : 1;
    const model = await fitLogistic({ data, outputs, penalty: 1 / (hyper['c'] as number) }, context);
    return fittedLinear(model, task, featureMeans(data));
  },
  load: loadLinear,
};
