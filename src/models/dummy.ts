import type { FittedModel, Learner, ModelShape, SavedModel, Task, TrainingData } from './learner.js';
import { totalWeight, weightOf } from './linear/linear-model.js';
import { checkTensorNames, finiteTensorOf, modelFileFault } from './saved-model.js';

/** Says `answer` of every row: one value, or for a multiclass task one a class. */
function constantModel(answer: Float64Array): FittedModel {
  return {
    predict(_x, rowCount) {
      const predictions = new Float64Array(rowCount * answer.length);
      for (let row = 0; row < rowCount; row++) predictions.set(answer, row * answer.length);
      return predictions;
    },
    save: () => ({
      facts: {},
      tensors: { prediction: { type: 'F64', shape: [answer.length], data: answer } },
    }),
  };
}

/** The mean of the targets, or for a multiclass task the share of each class, by the rows' weights. */
function meanTarget(data: TrainingData, task: Task): Float64Array {
  const { y, rowCount, weights, classCount } = data;
  const total = totalWeight(data);
  const answer = new Float64Array(task === 'multiclass' ? classCount : 1);
  for (let row = 0; row < rowCount; row++) {
    const weight = weightOf(weights, row);
    if (task === 'multiclass') answer[y[row]] += weight;
    else answer[0] += weight * y[row];
  }
  return answer.map((sum) => sum / total);
}

function loadDummy(saved: SavedModel, task: Task, { classCount }: ModelShape): FittedModel {
  checkTensorNames(saved, ['prediction']);
  const answer = finiteTensorOf(saved, 'prediction', 'F64', [task === 'multiclass' ? classCount : 1]);
  const wrong = task === 'regression' ? undefined : answer.find((value) => value < 0 || value > 1);
  if (wrong !== undefined) throw modelFileFault(`tensor "prediction" has ${wrong}, which is no probability`);
  return constantModel(answer);
}

/** Says the same of every row: the share of the positive class (of each class) in the training rows, or the mean of their targets. */
export const dummy: Learner = {
  name: 'dummy',
  engine: 'riskops',
  summary: "The same answer for every row: the training rows' shares of the classes, or their mean.",
  tasks: ['binary', 'multiclass', 'regression'],
  options: [],
  recipe: [],
  async fit(data, task, _hyper, { onStep }) {
    const answer = meanTarget(data, task);
    onStep?.({ step: 1, of: 1, metrics: task === 'multiclass' ? {} : { prediction: answer[0] } });
    return constantModel(answer);
  },
  load: loadDummy,
};
