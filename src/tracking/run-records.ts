import type { Selectable } from 'kysely';
import type { RunsTable } from '../storage/database/schema.js';
import { decodeNumber } from '../storage/database/special-numbers.js';
import type { Store } from '../storage/store.js';
import { type RunStatus, readStatus } from './liveness.js';

export type RunRow = Selectable<RunsTable>;

/** A run as a list shows it. Times are UTC, ISO 8601. */
export interface RunItem {
  run_id: string;
  run_dir_name: string;
  created_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  status: RunStatus;
  error: string | null;
  kind: string;
  model: string | null;
  note: string | null;
  git: { commit: string | null; branch: string | null; dirty: boolean | null };
  /** The last value of each, when they were asked for. */
  metrics?: Record<string, number>;
}

export interface RunArtifact {
  /** POSIX path below the run's folder. */
  path: string;
  kind: string;
  sha256: string;
  bytes: number;
  created_at: string;
}

/** All that is on record about a run, but the steps of its metrics. */
export interface RunDetail extends RunItem {
  params: Record<string, string>;
  metrics: Record<string, number>;
  tags: Record<string, string>;
  artifacts: RunArtifact[];
}

/** A row as an item; `status` is what a reader should see, or the row's own for the run's own files. */
export function itemOf(row: RunRow, status: RunStatus = readStatus(row)): RunItem {
  const silent =
    status === 'LOST' ? `process ${row.pid} on ${row.host} is gone; last heard of ${row.heartbeat_at}` : null;
  return {
    run_id: row.run_id,
    run_dir_name: row.dir_name,
    created_at: row.created_at,
    ended_at: row.ended_at,
    duration_ms: row.duration_ms,
    status,
    error: row.error ?? silent,
    kind: row.kind,
    model: row.model,
    note: row.note,
    git: {
      commit: row.git_commit,
      branch: row.git_branch,
      dirty: row.git_dirty === null ? null : row.git_dirty === 1,
    },
  };
}

/** A row with everything that hangs on it. */
export async function detailOf(store: Store, row: RunRow, status?: RunStatus): Promise<RunDetail> {
  const ofRun = <T extends 'params' | 'tags'>(table: T) =>
    store.db
      .selectFrom(table as 'params')
      .select(['key', 'value'])
      .where('run_id', '=', row.run_id)
      .orderBy('key')
      .execute();
  const metrics = await lastMetrics(store, [row.run_id]);
  const artifacts = await store.db
    .selectFrom('artifacts')
    .select(['path', 'kind', 'sha256', 'bytes', 'created_at'])
    .where('run_id', '=', row.run_id)
    .orderBy('path')
    .execute();
  return {
    ...itemOf(row, status),
    params: pairs(await ofRun('params')),
    metrics: metrics.get(row.run_id) ?? {},
    tags: pairs(await ofRun('tags')),
    artifacts,
  };
}

/** The last values of each run's metrics, keys sorted. */
export async function lastMetrics(
  store: Store,
  runIds: string[],
): Promise<Map<string, Record<string, number>>> {
  if (runIds.length === 0) return new Map();
  const rows = await store.db
    .selectFrom('metrics')
    .select(['run_id', 'key', 'value', 'special'])
    .where('run_id', 'in', runIds)
    .orderBy('run_id')
    .orderBy('key')
    .execute();
  return new Map(
    runIds.map((runId) => {
      const own = rows.filter((row) => row.run_id === runId);
      return [runId, Object.fromEntries(own.map((row) => [row.key, decodeNumber(row)]))];
    }),
  );
}

/** `fromEntries` keeps a key named `__proto__`, which an assignment would lose. */
function pairs(rows: { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}
