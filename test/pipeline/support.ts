import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TrainPlan } from '../../src/pipeline/train-plan.js';
import { openStore } from '../../src/storage/open-store.js';
import type { Store } from '../../src/storage/store.js';

/** A store in `folder`, closed when the test ends. */
export async function openStoreIn(folder: string): Promise<Store> {
  const store = await openStore(
    {
      database: join(folder, 'data', 'riskops.db'),
      artifacts: join(folder, 'artifacts'),
      currentModel: join(folder, 'artifacts', 'models', 'current.json'),
    },
    { mode: 'write' },
  );
  onTestFinished(() => store.close());
  return store;
}

/** A plan for the loan book in `folder`, with the quickest learner that learns something. */
export function planFor(folder: string, change: Partial<TrainPlan> = {}): TrainPlan {
  return {
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
