import { dirname } from 'node:path';
import type { Kysely } from 'kysely';
import { RiskopsError } from '../../errors.js';
import { checkPointerIsOurs, projectPointer } from '../../registry/current.js';
import type { Database } from '../../storage/database/schema.js';
import { codeOf } from '../../storage/io-errors.js';
import type { Store } from '../../storage/store.js';
import { rebuildPointers } from '../../tracking/manifest.js';
import {
  changedMeanwhile,
  type ImportedVersion,
  insertPredictions,
  insertRegistry,
  insertRuns,
  insertVersions,
} from './insert-records.js';
import { type ArchiveLimits, defaultLimits } from './manifest.js';
import { type ImportPlan, type PlannedVersion, planImport } from './plan-import.js';
import { type StagedArchive, stageArchive } from './read-archive.js';

export interface Imported {
  runs: { imported: number; known: number };
  versions: ImportedVersion[];
  /** Promotions, rollbacks and the like that came in. */
  promotions: number;
  /** Rows of the prediction log. */
  predictions: number;
  /** What the archive has and this store does not take. */
  left_out: string[];
  /** How many files were lost already when the archive was made. */
  missing: number;
}

export interface ImportOptions {
  limits?: ArchiveLimits;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
}

/**
 * Unpacks an archive beside a database, which need not be there yet: only what is whole and as its manifest says.
 * @throws ARCHIVE_INVALID, ARCHIVE_TOO_LARGE, ARTIFACT_NOT_FOUND, STORE_VERSION, STORE_IO
 */
export function unpackExport(
  path: string,
  database: string,
  { limits = defaultLimits, onProgress = () => {}, signal }: ImportOptions = {},
): Promise<StagedArchive> {
  onProgress('unpacking');
  return stageArchive(path, { kind: 'export', folder: dirname(database), limits, signal });
}

/**
 * Takes in the runs and models of an unpacked archive. Every record is checked before anything is written; then files are kept,
 * and all records come in one transaction. What the store has already with equal content is passed over, so the same archive
 * can be taken in again. History, aliases, marks and the holdout ledger come only into an empty store.
 * @throws ARCHIVE_INVALID, IMPORT_CONFLICT, MODEL_FILE_INVALID, POINTER_INVALID, STORE_BUSY, STORE_IO
 */
export async function importStore(
  store: Store,
  staged: StagedArchive,
  { onProgress = () => {}, signal }: Omit<ImportOptions, 'limits'> = {},
): Promise<Imported> {
  onProgress('checking every record');
  const plan = await planImport(store, staged, signal);
  if (plan.lastPromotion !== null) await checkPointerIsOurs(store);
  onProgress('keeping the files');
  const paths = await keepFiles(store, staged, plan, signal);
  onProgress('writing the records');
  const imported = await insertAll(store, staged, plan, paths);
  await projectPointer(store);
  await rebuildPointers(store);
  return imported;
}

/** @returns the path of each new version's model file */
async function keepFiles(
  store: Store,
  staged: StagedArchive,
  plan: ImportPlan,
  signal: AbortSignal | undefined,
): Promise<Map<PlannedVersion, string>> {
  for (const sha256 of plan.artifacts) {
    signal?.throwIfAborted();
    const file = staged.file(sha256);
    if (file !== undefined) await store.blobs.add({ file });
  }
  const paths = new Map<PlannedVersion, string>();
  for (const planned of plan.versions) {
    signal?.throwIfAborted();
    if (planned.known === null) paths.set(planned, await keepModelFile(store, staged, planned));
  }
  return paths;
}

/** Under the name that training would have given it; when that is another file's, its hash is added. */
async function keepModelFile(store: Store, staged: StagedArchive, { row }: PlannedVersion): Promise<string> {
  const name = `models/${row.model}/candidates/${row.run_id}_${row.learner}`;
  const file = staged.file(row.sha256);
  const path = `${name}.safetensors`;
  if (file === undefined) return path;
  try {
    return (await store.blobs.put(path, { file })).key;
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'ARTIFACT_IMMUTABLE') throw error;
    return (await store.blobs.put(`${name}_${row.sha256.slice(0, 12)}.safetensors`, { file })).key;
  }
}

async function insertAll(
  store: Store,
  staged: StagedArchive,
  plan: ImportPlan,
  paths: ReadonlyMap<PlannedVersion, string>,
): Promise<Imported> {
  try {
    return await store.write(async (tables) => {
      const empty = await isEmpty(tables);
      await insertRuns(store, tables, staged, plan);
      const versions = await insertVersions(tables, plan, paths);
      const promotions = empty ? await insertRegistry(tables, staged, plan) : 0;
      return {
        runs: { imported: plan.newRuns.size, known: plan.knownRuns.size },
        versions,
        promotions,
        predictions: await insertPredictions(tables, staged, plan),
        left_out: empty ? [] : await leftOut(tables, plan),
        missing: staged.manifest.missing.length,
      };
    });
  } catch (error) {
    // The plan was made before the lock was taken.
    if (codeOf(error).startsWith('SQLITE_CONSTRAINT')) throw changedMeanwhile();
    throw error;
  }
}

async function isEmpty(db: Kysely<Database>): Promise<boolean> {
  for (const table of ['runs', 'models', 'promotions', 'holdout_uses'] as const) {
    const row = await db
      .selectFrom(table as 'runs')
      .select(({ lit }) => lit(1).as('one'))
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) return false;
  }
  return true;
}

/** A second import of the same archive leaves nothing out: the store has the history already. */
async function leftOut(db: Kysely<Database>, { lastPromotion, hasRegistry }: ImportPlan): Promise<string[]> {
  if (!hasRegistry) return [];
  const last =
    lastPromotion === null
      ? undefined
      : await db.selectFrom('promotions').select('hash').where('hash', '=', lastPromotion).executeTakeFirst();
  return last === undefined ? ['history', 'aliases', 'marks', 'holdout ledger'] : [];
}
