import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tryDatabaseModule } from '../../storage/database/sqlite-connect.js';
import { workerUrl } from '../../util/package.js';
import type { DoctorCheck } from './check.js';

/** The Node that runs, the database module, and the built files that worker threads start from. */
export const installation: DoctorCheck = {
  name: 'installation',
  async run() {
    const missing = (['train-trees', 'prediction-log'] as const)
      .map((name) => fileURLToPath(workerUrl(name)))
      .filter((path) => !existsSync(path));
    if (missing.length > 0) {
      return missing.map((path) => ({
        severity: 'error' as const,
        message: 'A built file is missing.',
        remedy: 'npm install riskops',
        path,
      }));
    }
    tryDatabaseModule();
    return [
      { severity: 'ok', message: `Node ${process.versions.node} on ${process.platform} ${process.arch}` },
    ];
  },
};
