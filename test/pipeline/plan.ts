import { join } from 'node:path';
import { dataDefaults, fitDefaults, type TrainPlan } from '../../src/pipeline/train-plan.js';

/** A plan for the loan book in `folder`, with the quickest learner that learns something. */
export function planFor(folder: string, change: Partial<TrainPlan> = {}): TrainPlan {
  return {
    ...dataDefaults,
    ...fitDefaults,
    model: 'loans',
    data: join(folder, 'loans.csv'),
    target: 'default',
    task: null,
    positive: null,
    learner: 'logistic',
    engine: 'riskops',
    hyper: {},
    split: 'random:0.2',
    seed: 0,
    threads: 1,
    drop: [],
    keep: [],
    schema: null,
    policy: {},
    ...change,
  };
}
