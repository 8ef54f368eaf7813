import type { Selectable } from 'kysely';
import type { RunsTable } from '../storage/database/schema.js';
import { decodeNumber } from '../storage/database/special-numbers.js';
import type { Store } from '../storage/store.js';
import type { RunEnvironment } from './environment.js';
import { type RunStatus, readStatus } from './liveness.js';

export type RunRow = Selectable<RunsTable>;

/** So many children of a run are named. */
const CHILDREN = 100;

/** A run as a list shows it. Times are UTC, ISO 8601. */
export interface RunItem {
  run_id: string;
  run_dir_name: string;
  /** What people call it. */
  name: string | null;
  group: string | null;
  parent_run_id: string | null;
  created_at: string;
  ended_at: string | null;
  /** From its first start to its last end, pauses of a resumed run included. */
  duration_ms: number | null;
  status: RunStatus;
  error: string | null;
  /** Of the process: given by a script, or read when the process ended before its run. */
  exit_code: number | null;
  kind: string;
  model: string | null;
  note: string | null;
  git: { commit: string | null; branch: string | null; dirty: boolean | null };
  /** In the trash since; null outside of it. */
  deleted_at: string | null;
  protected_at: string | null;
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
  /** Null for a run from before it was recorded. */
  environment: RunEnvironment | null;
  /** Runs that are a part of this one, those in the trash left out. */
  children: number;
  /** The first hundred of them, oldest first. */
  child_run_ids: string[];
  params: Record<string, string>;
  metrics: Record<string, number>;
  tags: Record<string, string>;
  artifacts: RunArtifact[];
}

/** A row as an item; `status` is what a reader should see, or the row's own for the run's own files. */
export function itemOf(row: RunRow, status: RunStatus = readStatus(row)): RunItem {
  const silent = status === 'LOST' ? silenceOf(row) : null;
  return {
    run_id: row.run_id,
    run_dir_name: row.dir_name,
    name: row.name,
    group: row.group_name,
    parent_run_id: row.parent_run_id,
    created_at: row.created_at,
    ended_at: row.ended_at,
    duration_ms: row.duration_ms,
    status,
    error: row.error ?? silent,
    exit_code: row.exit_code,
    kind: row.kind,
    model: row.model,
    note: row.note,
    git: {
      commit: row.git_commit,
      branch: row.git_branch,
      dirty: row.git_dirty === null ? null : row.git_dirty === 1,
    },
    deleted_at: row.deleted_at,
    protected_at: row.protected_at,
  };
}

function silenceOf({ pid, host, heartbeat_at }: RunRow): string {
  const gone = pid === 0 ? 'nothing was logged for a day' : `process ${pid} on ${host} is gone`;
  return `${gone}; last heard of ${heartbeat_at}`;
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
    environment: row.environment_json === null ? null : JSON.parse(row.environment_json),
    ...(await childrenOf(store, row.run_id)),
    params: pairs(await ofRun('params')),
    metrics: metrics.get(row.run_id) ?? {},
    tags: pairs(await ofRun('tags')),
    artifacts,
  };
}

async function childrenOf(
  store: Store,
  runId: string,
): Promise<Pick<RunDetail, 'children' | 'child_run_ids'>> {
  const runs = store.db.selectFrom('runs').where('parent_run_id', '=', runId).where('deleted_at', 'is', null);
  const first = await runs.select('run_id').orderBy('sequence').limit(CHILDREN).execute();
  const child_run_ids = first.map(({ run_id }) => run_id);
  if (first.length < CHILDREN) return { children: first.length, child_run_ids };
  const { total } = await runs.select((e) => e.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { children: Number(total), child_run_ids };
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
  const entries = new Map<string, [string, number][]>(runIds.map((runId) => [runId, []]));
  for (const row of rows) entries.get(row.run_id)?.push([row.key, decodeNumber(row)]);
  return new Map([...entries].map(([runId, own]) => [runId, Object.fromEntries(own)]));
}

/** `fromEntries` keeps a key named `__proto__`, which an assignment would lose. */
function pairs(rows: { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
}
