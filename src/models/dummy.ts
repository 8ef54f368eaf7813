import type { FittedModel, Learner, Task } from './learner.js';
import { checkTensorNames, finiteTensorOf, modelFileFault } from './saved-model.js';

function constantModel(prediction: number): FittedModel {
  return {
    predict: (_x, rowCount) => new Float64Array(rowCount).fill(prediction),
    save: () => ({
      facts: {},
      tensors: { prediction: { type: 'F64', shape: [1], data: Float64Array.of(prediction) } },
    }),
  };
}

/** Says the same of every row: the share of the positive class in the training rows, or the mean of their targets. */
export const dummy: Learner = {
  name: 'dummy',
  engine: 'riskops',
  summary: "The same answer for every row: the training rows' share of the positive class, or their mean.",
  tasks: ['binary', 'regression'],
  options: [],
  recipe: [],
  async fit({ y, rowCount }, _task, _hyper, { onStep }) {
    const prediction = y.reduce((sum, value) => sum + value, 0) / rowCount;
    onStep?.({ step: 1, of: 1, metrics: { prediction } });
    return constantModel(prediction);
  },
  load(saved, task: Task) {
    checkTensorNames(saved, ['prediction']);
    const prediction = finiteTensorOf(saved, 'prediction', 'F64', [1])[0];
    if (task === 'binary' && (prediction < 0 || prediction > 1)) {
      throw modelFileFault(`tensor "prediction" is ${prediction}, which is no probability`);
    }
    return constantModel(prediction);
  },
};
