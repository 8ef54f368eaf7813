import type { FittedModel, Task } from '../learner.js';
import { softmax } from './losses.js';
import { openAnswers } from './predict-net.js';
import { type LstmModel, saveLstm } from './saved-lstm.js';

/** The model as it predicts and as it is saved. */
export function fittedLstm(model: LstmModel, task: Task, mode: 'wasm' | 'js' = 'wasm'): FittedModel {
  const { shape, weights, window, target } = model;
  const answerRows = openAnswers(shape, weights, window, mode);
  return {
    predict(x, rowCount, previous) {
      const answers = answerRows(x, rowCount, previous);
      if (task === 'regression') return answers.map((answer) => target.mean + target.sd * answer);
      if (task === 'binary') return answers.map((odds) => 1 / (1 + Math.exp(-odds)));
      for (let row = 0; row < rowCount; row++) softmax(answers, row * shape.outputs, shape.outputs);
      return answers;
    },
    save: () => saveLstm(model),
  };
}
