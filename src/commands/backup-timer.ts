import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Project } from '../config.js';
import { backupDue } from '../storage/backup/backup-database.js';
import { packageRoot } from '../util/package.js';
import { backupRule } from './project-store.js';

const LOOK_MS = 60_000;

/**
 * Keeps the hourly rule while a server runs: looks each minute, and has a process of its own make the copy, so that no request
 * waits for it. What the rule cannot do, `riskops doctor` and `riskops where` show.
 * @returns what ends it; a copy that is under way goes on
 */
export function backUpWhileServing(project: Project, everyMs = LOOK_MS): () => void {
  const { database } = project.places;
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy || backupDue(database, backupRule(project)) !== 'due') return;
    isBusy = true;
    const words = ['backup', '--if-due', '--dir', project.root];
    const done = () => {
      isBusy = false;
    };
    spawn(process.execPath, [join(packageRoot(), 'bin', 'riskops.js'), ...words], { stdio: 'ignore' })
      .on('error', done)
      .on('close', done)
      .unref();
  }, everyMs).unref();
  return () => clearInterval(timer);
}
