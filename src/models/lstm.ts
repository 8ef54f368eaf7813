import type { Learner } from './learner.js';
import { fitLstm } from './lstm/fit-lstm.js';
import { fittedLstm } from './lstm/fitted-lstm.js';
import { lstmOptions } from './lstm/options.js';
import { loadLstm } from './lstm/saved-lstm.js';

/**
 * LSTM (Hochreiter & Schmidhuber 1997, with forget gates): reads the rows of a series up to the one that is asked for, and
 * answers from its state there. Float32, in WebAssembly SIMD where the machine has it; the same bytes where it has not.
 */
export const lstm: Learner = {
  name: 'lstm',
  engine: 'riskops',
  summary: 'LSTM: a recurrent net that reads the last rows of a series; needs --time.',
  tasks: ['regression', 'binary', 'multiclass'],
  options: lstmOptions,
  recipe: [{ kind: 'one-hot' }, { kind: 'impute' }, { kind: 'scale' }],
  sequential: true,
  stopsEarly: true,
  fit: (data, task, hyper, context) => fitLstm('riskops', data, task, hyper, context),
  load: (saved, task, shape) => fittedLstm(loadLstm(saved, task, shape), task),
};
