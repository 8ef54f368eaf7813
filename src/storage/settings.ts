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
  {
    key: 'backupHours',
    config: 'backup.hours',
    env: 'RISKOPS_BACKUP_HOURS',
    kind: 'number',
    default: 1,
    min: 0,
    max: 8_760,
    description:
      'a command that writes copies the database when the newest copy is so many hours old; 0 is never',
  },
  {
    key: 'backupKeep',
    config: 'backup.keep',
    env: 'RISKOPS_BACKUP_KEEP',
    kind: 'number',
    default: 24,
    min: 1,
    max: 10_000,
    description: 'how many of these copies stay',
  },
  {
    key: 'backupMegabytes',
    config: 'backup.megabytes',
    env: 'RISKOPS_BACKUP_MEGABYTES',
    kind: 'number',
    default: 100,
    min: 1,
    max: 1_000_000,
    description: 'a larger database is not copied by itself: riskops backup does it',
  },
];
