import type { Setting } from '../settings.js';

/** When there are enough rows for what, and how long `--learner auto` may tune; `auto` in the config. */
export const autoSettings: readonly Setting[] = [
  {
    key: 'autoLeast',
    config: 'auto.least',
    env: 'RISKOPS_AUTO_LEAST',
    kind: 'number',
    default: 100,
    min: 2,
    description: 'rows with a target below which --learner auto trains nothing',
  },
  {
    key: 'autoFew',
    config: 'auto.few',
    env: 'RISKOPS_AUTO_FEW',
    kind: 'number',
    default: 1000,
    min: 2,
    description: 'rows from which --learner auto tries gradient boosting too',
  },
  {
    key: 'autoMany',
    config: 'auto.many',
    env: 'RISKOPS_AUTO_MANY',
    kind: 'number',
    default: 5000,
    min: 2,
    description: 'rows from which --learner auto tunes the two best learners',
  },
  {
    key: 'autoTrials',
    config: 'auto.trials',
    env: 'RISKOPS_AUTO_TRIALS',
    kind: 'number',
    default: 8,
    min: 0,
    max: 1000,
    description: 'settings that --learner auto tries of each of the two',
  },
  {
    key: 'autoSeconds',
    config: 'auto.seconds',
    env: 'RISKOPS_AUTO_SECONDS',
    kind: 'number',
    default: 120,
    min: 1,
    max: 86_400,
    description: 'how long this tuning may take',
  },
];
