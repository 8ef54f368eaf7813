import type { Transaction } from 'kysely';
import type { BlobContent } from '../storage/blobs/blob-store.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { addArtifact, checkArtifactPath } from './artifacts.js';
import { findRun } from './find-run.js';
import { longParamPath, longParamReference } from './long-params.js';
import { writeManifest } from './manifest.js';
import type { GivenPoint } from './metric-text.js';
import { endedRun } from './run-errors.js';
import type { RunRow } from './run-records.js';
import { checkName, checkPoint, checkText, type ParamValue, paramTexts, tagTexts } from './run-values.js';
import { type PointRecord, writeRecord } from './run-writes.js';
import { goneRun, trashedRun } from './trash-errors.js';

/** What one call logs to a run. */
export interface LoggedValues {
  /** Without a step a metric goes on from the last step that the store has of it. */
  points?: GivenPoint[];
  params?: Record<string, ParamValue>;
  tags?: Record<string, string>;
  /** Replaces the note. */
  note?: string;
  artifacts?: { path: string; content: BlobContent; kind?: string }[];
}

/** How many of each were kept. */
export interface LoggedSummary {
  run_id: string;
  points: number;
  params: number;
  tags: number;
  artifacts: number;
}

/**
 * Logs to a run that is RUNNING or was lost, from whatever process: artifacts first, then all values in one durable
 * transaction, which is also a heartbeat. Any number of processes may log to one run.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_ENDED, RUN_VALUE_INVALID, VALUE_TOO_LONG, ARTIFACT_KEY_INVALID, ARTIFACT_REFUSED
 */
export async function logToRun(
  store: Store,
  idOrPrefix: string,
  values: LoggedValues,
): Promise<LoggedSummary> {
  const { points = [], note, artifacts = [] } = values;
  const params = paramTexts(values.params ?? {});
  const tags = tagTexts(values.tags ?? {});
  checkPoints(points);
  if (note !== undefined) checkText('note', '', note);
  for (const { path } of artifacts) checkArtifactPath(path);
  const run = await findRun(store, idOrPrefix);
  checkOpen(run);
  // What may be refused comes before what would come twice when the command is repeated.
  for (const { path, content, kind = 'file' } of artifacts)
    await addArtifact(store, run.run_id, path, content, kind);
  for (const { key, value } of params.long)
    await addArtifact(store, run.run_id, longParamPath(key), value, 'param');
  const pairs = [...params.short, ...params.long.map(longParamReference)];
  await store.write(async (transaction) => {
    await beat(transaction, run.run_id);
    const write = (record: Parameters<typeof writeRecord>[3]) =>
      writeRecord(store, transaction, run.run_id, record);
    if (points.length > 0) await write({ metrics: await numbered(transaction, run.run_id, points) });
    await write({ params: pairs });
    await write({ tags });
    if (note !== undefined) await write({ note });
  });
  if (artifacts.length + pairs.length + tags.length > 0 || note !== undefined)
    await writeManifest(store, run.run_id);
  return {
    run_id: run.run_id,
    points: points.length,
    params: pairs.length,
    tags: tags.length,
    artifacts: artifacts.length,
  };
}

function checkPoints(points: GivenPoint[]): void {
  const checked = new Set<string>();
  for (const { key, value, step = 0 } of points) {
    if (!checked.has(key)) checkName('metric', key);
    checked.add(key);
    checkPoint(key, value, step);
  }
}

function checkOpen(run: Pick<RunRow, 'run_id' | 'status' | 'deleted_at'>): void {
  if (run.deleted_at !== null) throw trashedRun(run.run_id, run.deleted_at);
  if (run.status !== 'RUNNING') throw endedRun(run.run_id, run.status);
}

/** The run may have been ended or deleted since it was found. */
async function beat(transaction: Transaction<Database>, runId: string): Promise<void> {
  const run = await transaction
    .selectFrom('runs')
    .select(['run_id', 'status', 'deleted_at'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (run === undefined) throw goneRun(runId);
  checkOpen(run);
  await transaction
    .updateTable('runs')
    .set({ heartbeat_at: new Date().toISOString() })
    .where('run_id', '=', runId)
    .execute();
}

/** Under the write lock, so that two processes that log without steps do not take the same one. */
async function numbered(
  transaction: Transaction<Database>,
  runId: string,
  points: GivenPoint[],
): Promise<PointRecord[]> {
  const keys = [...new Set(points.filter(({ step }) => step === undefined).map(({ key }) => key))];
  const rows =
    keys.length === 0
      ? []
      : await transaction
          .selectFrom('metrics')
          .select(['key', 'step'])
          .where('run_id', '=', runId)
          .where('key', 'in', keys)
          .execute();
  const next = new Map(rows.map(({ key, step }) => [key, step + 1]));
  const loggedMs = Date.now();
  return points.map(({ key, value, step = next.get(key) ?? 0 }) => {
    next.set(key, step + 1);
    return [key, step, value, loggedMs];
  });
}
