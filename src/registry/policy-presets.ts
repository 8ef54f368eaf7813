import type { Task } from '../models/learner.js';
import type { Policy, PresetName } from './policy-keys.js';

/** A rule that a team had before, as far as its metrics are ours: values that stand in for the default's. */
export interface Preset {
  task: Task;
  values: Partial<Policy>;
  /** The rule in words, and what of it is left out. */
  about: string;
}

/** Every preset. What one does not say is as in the default policy: baselines, rows, schema and twins are judged either way. */
export const presets: Record<PresetName, Preset> = {
  balance: {
    task: 'binary',
    values: {
      metric: 'balanced_accuracy',
      minGain: 0.005,
      proof: 'point',
      guards: [{ metric: 'recall', margin: 0.01 }],
    },
    about: 'balanced accuracy better by 0.005, recall not worse by more than 0.01, figures as they are',
  },
  rul: {
    task: 'regression',
    values: { metric: 'rmse', minGain: 0, proof: 'point', guards: [{ metric: 'r2', min: 0.2 }] },
    about: 'a smaller RMSE than the current model, and R2 of at least 0.2, figures as they are',
  },
  'sell-through': {
    task: 'regression',
    values: {
      metric: 'rmse',
      guards: [
        { metric: 'r2', min: 0.9 },
        { metric: 'rmse', max: 0.1 },
        { metric: 'mae', max: 0.08 },
      ],
    },
    about:
      'R2 of at least 0.9, RMSE of at most 0.1 and MAE of at most 0.08 for a share from 0 to 1; its cross-validated R2 is no metric of a holdout and is left out',
  },
  macro: {
    task: 'regression',
    values: { metric: 'rmse', guards: [], baselines: ['mean', 'last value', 'previous value'] },
    about:
      'RMSE proven better than the mean, the last value and the value before each row, which takes a holdout in time order (time:COLUMN:0.2)',
  },
  anomaly: {
    task: 'binary',
    values: {
      metric: 'average_precision',
      minGain: 0,
      guards: [{ metric: 'auc', margin: 0.01 }],
    },
    about:
      'average precision proven better and AUC not worse by 0.01, on a holdout with labels; scores need not be probabilities that are right, so the Brier score is not asked',
  },
};
