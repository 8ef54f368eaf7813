import type { Learner } from './learner.js';
import { fitLstm } from './lstm/fit-lstm.js';
import { lstm } from './lstm.js';

/**
 * The same net trained by TensorFlow.js: by @tensorflow/tfjs-node where it is installed, otherwise by its WebAssembly or plain
 * backend. Our own kernels predict, with the weights that it found: the model file holds nothing of the package, and
 * answers alike where the package is not installed.
 */
export const lstmTfjs: Learner = {
  ...lstm,
  engine: 'tfjs',
  summary:
    'LSTM trained by the npm packages of TensorFlow.js, where they are installed; slow without tfjs-node.',
  fit: (data, task, hyper, context) => fitLstm('tfjs', data, task, hyper, context),
};
