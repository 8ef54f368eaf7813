import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { versionHold } from '../tracking/version-holds.js';

/** What went to the trash before this moment is due; null: all of the trash is. */
export type Due = string | null;

export interface DueVersion {
  model: string;
  version: number;
  run_id: string;
  /** The model file. */
  path: string;
  deleted_at: string;
}

export interface DueRun {
  run_id: string;
  dir_name: string;
  kind: string;
  model: string | null;
  created_at: string;
  deleted_at: string;
  /** Where each of its artifacts lies. */
  blobs: { path: string; blob: string }[];
  /** What it made, and goes with it. */
  versions: DueVersion[];
}

/** Something in the trash that is due and stays. */
export interface Kept {
  what: string;
  why: string;
}

const PAGE = 500;

/** Ids of the runs that are due, oldest first. */
export async function* dueRuns(store: Store, due: Due): AsyncGenerator<string> {
  let after = 0;
  for (;;) {
    const page = await store.db
      .selectFrom('runs')
      .select(['run_id', 'sequence'])
      .where('deleted_at', 'is not', null)
      .$if(due !== null, (query) => query.where('deleted_at', '<=', due))
      .where('sequence', '>', after)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const { run_id } of page) yield run_id;
    if (page.length < PAGE) return;
    after = page[page.length - 1].sequence;
  }
}

/** The versions that are due, by model. */
export async function dueVersions(store: Store, due: Due): Promise<{ model: string; version: number }[]> {
  return store.db
    .selectFrom('version_marks')
    .select(['model', 'version'])
    .where('deleted_at', 'is not', null)
    .$if(due !== null, (query) => query.where('deleted_at', '<=', due))
    .orderBy('model')
    .orderBy('version')
    .execute();
}

const isDue = (deletedAt: string | null, due: Due): deletedAt is string =>
  deletedAt !== null && (due === null || deletedAt <= due);

/** A run with all that goes with it; why it stays; or undefined when it was restored or collected meanwhile. */
export async function examineRun(
  db: Kysely<Database>,
  runId: string,
  due: Due,
): Promise<DueRun | Kept | undefined> {
  const run = await db
    .selectFrom('runs')
    .select(['run_id', 'dir_name', 'kind', 'model', 'created_at', 'deleted_at'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (run === undefined || !isDue(run.deleted_at, due)) return undefined;
  const made = await db
    .selectFrom('versions')
    .select(['model', 'version'])
    .where('run_id', '=', runId)
    .execute();
  const versions: DueVersion[] = [];
  for (const { model, version } of made) {
    const found = await examineVersion(db, { model, version }, due);
    if (found !== undefined && 'path' in found) versions.push(found);
    else {
      const why = found?.why ?? `version ${version} of ${model} is not in the trash, or not for long enough`;
      return { what: `run ${runId.slice(0, 8)}`, why };
    }
  }
  const blobs = await db
    .selectFrom('artifacts')
    .select(['path', 'blob'])
    .where('run_id', '=', runId)
    .orderBy('path')
    .execute();
  return { ...run, deleted_at: run.deleted_at, blobs, versions };
}

/** A version that goes; why it stays; or undefined when it was restored or collected meanwhile. */
export async function examineVersion(
  db: Kysely<Database>,
  { model, version }: { model: string; version: number },
  due: Due,
): Promise<DueVersion | Kept | undefined> {
  const row = await db
    .selectFrom('versions as v')
    .innerJoin('version_marks as k', (join) =>
      join.onRef('k.model', '=', 'v.model').onRef('k.version', '=', 'v.version'),
    )
    .select(['v.model', 'v.version', 'v.run_id', 'v.path', 'k.deleted_at'])
    .where('v.model', '=', model)
    .where('v.version', '=', version)
    .executeTakeFirst();
  if (row === undefined || !isDue(row.deleted_at, due)) return undefined;
  // It was free when it was deleted; whoever meant it just before may have promoted or named it just after.
  const hold = await versionHold(db, { model, version });
  if (hold !== undefined)
    return { what: `version ${version} of ${model}`, why: `version ${version} of ${model} ${hold.why}` };
  return { ...row, deleted_at: row.deleted_at };
}

/** Deletes the rows of a run, of what hangs on it, and of its versions. */
export async function deleteRunRows(transaction: Transaction<Database>, run: DueRun): Promise<void> {
  for (const version of run.versions) await deleteVersionRows(transaction, version);
  await transaction.deleteFrom('runs').where('run_id', '=', run.run_id).execute();
}

export async function deleteVersionRows(
  transaction: Transaction<Database>,
  { model, version }: DueVersion,
): Promise<void> {
  await transaction
    .deleteFrom('versions')
    .where('model', '=', model)
    .where('version', '=', version)
    .execute();
}

/**
 * Whether nothing is left that refers to a model. One that has judged on a holdout stays as a name and a counter, so
 * that its numbers are not used again for something else.
 * @param except how many of its versions do not count
 */
export async function isUnused(db: Kysely<Database>, model: string, except = 0): Promise<boolean> {
  const count = async (table: 'versions' | 'promotions' | 'holdout_uses') => {
    const { rows } = await db
      .selectFrom(table as 'versions')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .where('model', '=', model)
      .executeTakeFirstOrThrow();
    return Number(rows);
  };
  if ((await count('versions')) > except) return false;
  return (await count('promotions')) + (await count('holdout_uses')) === 0;
}
