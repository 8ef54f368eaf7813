import type { HyperOption } from '../learner.js';
import { LOSSES } from './losses.js';
import { OPTIMISERS } from './optimiser.js';
import { MOST } from './saved-lstm.js';

const whole = { integer: true, min: 1 } as const;

/** The options of the learner `lstm`, with either engine. */
export const lstmOptions: readonly HyperOption[] = [
  {
    ...whole,
    name: 'window',
    description: 'rows that a prediction looks at, its own among them',
    default: 24,
    max: MOST.window,
    search: { values: [12, 18, 24, 30] },
  },
  {
    ...whole,
    name: 'hidden',
    description: 'units of a layer',
    default: 64,
    max: MOST.hidden,
    search: { values: [32, 64, 96, 128] },
  },
  {
    ...whole,
    name: 'layers',
    description: 'layers, one on the other',
    default: 1,
    max: MOST.layers,
    search: { values: [1, 2] },
  },
  {
    name: 'dropout',
    description: 'share of the units dropped between layers and before the answer, in training',
    default: 0,
    min: 0,
    max: 0.95,
    search: { low: 0, high: 0.4 },
  },
  { ...whole, name: 'epochs', description: 'passes over the rows, at most', default: 100, max: 100_000 },
  {
    ...whole,
    name: 'batch',
    description: 'rows a step',
    default: 32,
    max: 4096,
    search: { values: [16, 32, 64] },
  },
  {
    name: 'learning_rate',
    description: 'length of a step',
    default: 1e-3,
    min: 1e-8,
    max: 1,
    search: { low: 1e-4, high: 5e-3, log: true },
  },
  {
    name: 'optimiser',
    description: 'how a step is taken',
    default: 'adam',
    choices: OPTIMISERS,
    search: { values: [...OPTIMISERS] },
  },
  {
    name: 'weight_decay',
    description: 'pull of the weights towards 0',
    default: 0,
    min: 0,
    max: 1,
    search: { low: 1e-6, high: 1e-2, log: true },
  },
  {
    name: 'loss',
    description: 'what a regression makes small; classes take cross entropy',
    default: 'mse',
    choices: LOSSES,
    search: { values: [...LOSSES] },
  },
  {
    name: 'delta',
    description: 'where the huber loss turns straight, in standard deviations of the target',
    default: 1,
    min: 1e-6,
    max: 1e6,
  },
  {
    name: 'clip',
    description: 'longest gradient that a step follows; none: any',
    default: 1,
    none: true,
    min: 1e-9,
    max: 1e9,
  },
  {
    ...whole,
    name: 'early_stopping',
    description: 'end after so many epochs without a better validation loss, and take the best; none: never',
    default: 10,
    none: true,
    max: 100_000,
  },
  {
    ...whole,
    name: 'plateau_patience',
    description: 'epochs without a better loss after which the learning rate is cut; none: never',
    default: null,
    max: 100_000,
  },
  {
    name: 'plateau_factor',
    description: 'what the learning rate is cut to, as a share',
    default: 0.5,
    min: 1e-3,
    max: 1,
  },
];
