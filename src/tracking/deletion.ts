import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { findRun } from './find-run.js';
import { readStatus } from './liveness.js';
import { writeLatest } from './manifest.js';
import type { RunRow } from './run-records.js';
import { goneRun, trashedRun } from './trash-errors.js';
import { versionHold } from './version-holds.js';

/** What was done about a run; `changed` is false when it was so already. */
export interface RunChange {
  run_id: string;
  changed: boolean;
  /** Versions that went into the trash, or came out of it, with their run. */
  versions: { model: string; version: number }[];
}

/**
 * Moves runs to the trash, with the versions they made: all of them or, when one is in use, none. Runs that have one of them
 * as parent stay, and still name it. What lies in the trash can be restored until `collectGarbage` has taken it.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_IN_USE for a run that goes on, is protected, or made a version that is kept
 */
export async function deleteRuns(store: Store, idsOrPrefixes: readonly string[]): Promise<RunChange[]> {
  const deleted_at = new Date().toISOString();
  const changes = await changeRuns(store, idsOrPrefixes, async (transaction, row) => {
    if (row.deleted_at !== null) return { run_id: row.run_id, changed: false, versions: [] };
    await checkIsFree(transaction, row);
    await setRun(transaction, row.run_id, { deleted_at });
    const versions = await trashVersions(transaction, row.run_id, deleted_at);
    return { run_id: row.run_id, changed: true, versions };
  });
  if (changes.some(({ changed }) => changed)) await writeLatest(store);
  return changes;
}

/**
 * Brings runs back from the trash, with the versions that went there with them.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS
 */
export async function restoreRuns(store: Store, idsOrPrefixes: readonly string[]): Promise<RunChange[]> {
  const changes = await changeRuns(store, idsOrPrefixes, async (transaction, row) => {
    if (row.deleted_at === null) return { run_id: row.run_id, changed: false, versions: [] };
    await setRun(transaction, row.run_id, { deleted_at: null });
    const versions = await versionsOf(transaction, row.run_id, row.deleted_at);
    for (const { model, version } of versions) await markVersion(transaction, model, version, null);
    return { run_id: row.run_id, changed: true, versions };
  });
  if (changes.some(({ changed }) => changed)) await writeLatest(store);
  return changes;
}

/**
 * Protects runs from deletion, or with `off` no longer.
 * @throws RUN_NOT_FOUND (also for a run in the trash), RUN_AMBIGUOUS
 */
export async function protectRuns(
  store: Store,
  idsOrPrefixes: readonly string[],
  { off = false }: { off?: boolean } = {},
): Promise<RunChange[]> {
  const protected_at = off ? null : new Date().toISOString();
  return changeRuns(store, idsOrPrefixes, async (transaction, row) => {
    if (row.deleted_at !== null) throw trashedRun(row.run_id, row.deleted_at);
    const changed = (row.protected_at === null) !== off;
    if (changed) await setRun(transaction, row.run_id, { protected_at });
    return { run_id: row.run_id, changed, versions: [] };
  });
}

/** Every run as it is under the write lock, one after the other, in one transaction. */
async function changeRuns(
  store: Store,
  idsOrPrefixes: readonly string[],
  change: (transaction: Transaction<Database>, row: RunRow) => Promise<RunChange>,
): Promise<RunChange[]> {
  const ids = new Set<string>();
  for (const given of idsOrPrefixes) ids.add((await findRun(store, given)).run_id);
  return store.write(async (transaction) => {
    const changes: RunChange[] = [];
    for (const run_id of ids) {
      const found = transaction.selectFrom('runs').selectAll().where('run_id', '=', run_id);
      const row = await found.executeTakeFirst();
      if (row === undefined) throw goneRun(run_id);
      changes.push(await change(transaction, row));
    }
    return changes;
  });
}

async function checkIsFree(transaction: Transaction<Database>, row: RunRow): Promise<void> {
  const id = row.run_id.slice(0, 8);
  const inUse = (why: string, fix: string) =>
    new RiskopsError('RUN_IN_USE', {
      what: `run ${id} cannot be deleted`,
      why,
      fix,
      details: { run_id: row.run_id },
    });
  if (readStatus(row) === 'RUNNING')
    throw inUse('it is being recorded right now', `riskops runs show ${id}, and delete it when it has ended`);
  if (row.protected_at !== null) throw inUse('it is protected', `riskops runs protect ${id} --off`);
  for (const version of await versionsOf(transaction, row.run_id)) {
    const hold = await versionHold(transaction, version);
    if (hold !== undefined)
      throw inUse(`it made version ${hold.version} of ${hold.model}, which ${hold.why}`, hold.fix);
  }
}

function setRun(
  transaction: Transaction<Database>,
  runId: string,
  values: Partial<Pick<RunRow, 'deleted_at' | 'protected_at'>>,
) {
  return transaction.updateTable('runs').set(values).where('run_id', '=', runId).execute();
}

/** The versions that a run made: those that went to the trash at a moment, else those that are not there. */
function versionsOf(transaction: Transaction<Database>, runId: string, deletedAt: string | null = null) {
  return transaction
    .selectFrom('versions as v')
    .leftJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'v.model').onRef('k.version', '=', 'v.version'),
    )
    .select(['v.model', 'v.version'])
    .where('v.run_id', '=', runId)
    .where('k.deleted_at', deletedAt === null ? 'is' : '=', deletedAt)
    .orderBy('v.model')
    .orderBy('v.version')
    .execute();
}

async function trashVersions(transaction: Transaction<Database>, runId: string, deletedAt: string) {
  const versions = await versionsOf(transaction, runId);
  for (const { model, version } of versions) await markVersion(transaction, model, version, deletedAt);
  return versions;
}

/** Puts a version into the trash, or with null takes it out. */
export async function markVersion(
  transaction: Transaction<Database>,
  model: string,
  version: number,
  deleted_at: string | null,
): Promise<void> {
  await transaction
    .insertInto('version_marks')
    .values({ model, version, deleted_at, protected_at: null })
    .onConflict((conflict) => conflict.columns(['model', 'version']).doUpdateSet({ deleted_at }))
    .execute();
}
