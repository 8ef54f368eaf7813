import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryDatabaseModule } from '../../storage/database/sqlite-connect.js';
import { packageRoot, packageVersion, workers, workerUrl } from '../../util/package.js';
import type { DoctorCheck, Finding } from './check.js';

/** The Node that runs, the database module, and the built files that worker threads start from. */
export const installation: DoctorCheck = {
  name: 'installation',
  async run() {
    const missing = workers.map((name) => fileURLToPath(workerUrl(name))).filter((path) => !existsSync(path));
    if (missing.length > 0) {
      return missing.map((path) => ({
        severity: 'error' as const,
        message: 'A built file is missing.',
        remedy: 'npm install riskops',
        path,
      }));
    }
    tryDatabaseModule();
    return [databaseModuleFinding(process.versions.node, installedDatabaseModule())];
  },
};

function installedDatabaseModule(): string {
  const path = createRequire(join(packageRoot(), 'package.json')).resolve('better-sqlite3/package.json');
  return JSON.parse(readFileSync(path, 'utf8')).version;
}

/** better-sqlite3 13 loads on Node 20 and ends the process when a database is opened: an override in somebody's package.json brings it in. */
export function databaseModuleFinding(node: string, module: string): Omit<Finding, 'check'> {
  const is = `riskops ${packageVersion()}, Node ${node} on ${process.platform} ${process.arch}, better-sqlite3 ${module}`;
  const major = (version: string) => Number(version.split('.')[0]);
  if (major(module) <= 12 || major(node) >= 22) return { severity: 'ok', message: is };
  return {
    severity: 'warning',
    message: `${is}: this module may end the process on this Node.`,
    remedy: 'npm install better-sqlite3@12, or a newer Node',
  };
}
