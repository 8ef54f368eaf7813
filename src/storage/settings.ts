import type { Setting } from '../settings.js';

export const storeSettings: readonly Setting[] = [
  {
    key: 'database',
    config: 'database',
    env: 'RISKOPS_DB',
    kind: 'path',
    default: 'data/riskops.db',
    description: 'the database file',
  },
  {
    key: 'artifacts',
    config: 'artifacts',
    env: 'RISKOPS_ARTIFACTS',
    kind: 'path',
    default: 'artifacts',
    description: 'the folder of runs and model files',
  },
  {
    key: 'currentModel',
    config: 'currentModel',
    env: 'RISKOPS_CURRENT_MODEL',
    kind: 'path',
    default: 'artifacts/models/current.json',
    description: 'the pointer to the current models',
  },
];
