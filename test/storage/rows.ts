import { join } from 'node:path';
import type { Insertable } from 'kysely';
import type { RunsTable } from '../../src/storage/database/schema.js';
import type { MetricPoint, StorePlaces } from '../../src/storage/store.js';

export function placesIn(folder: string): StorePlaces {
  const artifacts = join(folder, 'artifacts');
  return {
    database: join(folder, 'data', 'riskops.db'),
    artifacts,
    currentModel: join(artifacts, 'models', 'current.json'),
  };
}

/** A row of `runs` for tests that need one to hang others on. */
export function runRow(runId: string): Insertable<RunsTable> {
  const now = new Date().toISOString();
  return {
    run_id: runId,
    dir_name: `20260101_000000_train_${runId}`,
    kind: 'train',
    status: 'RUNNING',
    created_at: now,
    host: 'h',
    pid: 1,
    boot_id: 'b',
    process_started: '1',
    heartbeat_at: now,
  };
}

export function pointOf(runId: string, key: string, step: number, value: number): MetricPoint {
  return { run_id: runId, key, step, value, logged_ms: Date.now() };
}
