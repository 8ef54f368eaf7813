import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { writeLatest } from '../tracking/manifest.js';
import { runKeys } from '../tracking/run-names.js';
import { countingFiles, type Release, type Released, removeOne, removingFiles } from './garbage-files.js';
import { findLeftovers, type LeftoverAges, type LeftoverGroup } from './garbage-leftovers.js';
import { checkFilesAreOurs } from './garbage-owner.js';
import {
  type Due,
  type DueRun,
  type DueVersion,
  deleteRunRows,
  deleteVersionRows,
  dueRuns,
  dueVersions,
  examineRun,
  examineVersion,
  isUnused,
  type Kept,
} from './garbage-trash.js';

export interface GarbageOptions {
  /** What has lain in the trash for at least this long goes; 30 days. 0: all of it. */
  olderThanMs?: number;
  /** Only says what would go. The store may be open to read. */
  dryRun?: boolean;
  signal?: AbortSignal;
  onProgress?: (text: string) => void;
}

export interface Garbage {
  dry_run: boolean;
  runs: {
    run_id: string;
    kind: string;
    model: string | null;
    created_at: string;
    deleted_at: string;
    files: number;
    /** Of files that nothing else refers to. */
    bytes: number;
  }[];
  versions: { model: string; version: number; run_id: string; deleted_at: string; bytes: number }[];
  /** Models whose last trace went. */
  models: string[];
  leftovers: { what: LeftoverGroup['what']; files: number; bytes: number }[];
  /** What is due and stays, with the reason. */
  kept: Kept[];
  /** Files that were missing already, or that the disk would not give up; the first hundred. */
  warnings: string[];
  /** Files that the disk would not give up. */
  refused: number;
  /** Bytes of files, in all. */
  bytes: number;
}

const DAY_MS = 86_400_000;
const MOST_WARNINGS = 100;

/** A collection under way. */
interface Collecting {
  store: Store;
  dryRun: boolean;
  due: Due;
  release: Release;
  options: GarbageOptions;
  garbage: Garbage;
  /** `model/version` of what went with its run, or would go: not looked at again. */
  taken: Set<string>;
}

/**
 * Empties the trash, and removes the files that nothing refers to. Rows go first, each run with all that hangs on it in one
 * transaction, then its files: a collection that is killed leaves files that the next one finds. What was served, and
 * the log of predictions, is never touched.
 * @throws POINTER_INVALID when the artifacts folder belongs to another database, STORE_BUSY, STORE_IO
 */
export async function collectGarbage(store: Store, options: GarbageOptions = {}): Promise<Garbage> {
  const { olderThanMs = 30 * DAY_MS, dryRun = false } = options;
  await checkFilesAreOurs(store);
  // From here on `_latest.json` names a run that stays, so that a killed collection does not leave one that is gone.
  if (!dryRun) await writeLatest(store);
  const now = Date.now();
  const collecting: Collecting = {
    store,
    dryRun,
    due: olderThanMs === 0 ? null : new Date(now - olderThanMs).toISOString(),
    release: dryRun ? countingFiles(store) : removingFiles(store),
    options,
    garbage: emptyGarbage(dryRun),
    taken: new Set(),
  };
  await takeRuns(collecting);
  await takeVersions(collecting);
  await takeModels(collecting);
  await takeLeftovers(collecting, {
    // A row that comes late looks for its content (`recordArtifact`), so that all of the trash can be all of it.
    contentBefore: now - Math.min(olderThanMs, DAY_MS),
    otherBefore: now - DAY_MS,
  });
  if (!dryRun) await writeLatest(store);
  return collecting.garbage;
}

function emptyGarbage(dry_run: boolean): Garbage {
  const lists = { runs: [], versions: [], models: [], leftovers: [], kept: [], warnings: [] };
  return { dry_run, ...lists, refused: 0, bytes: 0 };
}

async function takeRuns(collecting: Collecting): Promise<void> {
  const { store, due, options, garbage, release } = collecting;
  for await (const runId of dueRuns(store, due)) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`collecting run ${runId.slice(0, 8)}`);
    const run = await take(collecting, (db) => examineRun(db, runId, due), deleteRunRows);
    if (run === undefined) continue;
    const { run_id, kind, model, created_at, deleted_at } = run;
    const artifacts = await release(run.blobs.map(({ blob }) => blob));
    note(garbage, artifacts, `run ${run_id.slice(0, 8)}`);
    const own = await takeFolder(collecting, run);
    garbage.runs.push({
      ...{ run_id, kind, model, created_at, deleted_at },
      files: artifacts.files + own.files,
      bytes: artifacts.bytes + own.bytes,
    });
    for (const version of run.versions) await finishVersion(collecting, version);
  }
}

async function takeVersions(collecting: Collecting): Promise<void> {
  const { store, due, options, taken } = collecting;
  for (const named of await dueVersions(store, due)) {
    options.signal?.throwIfAborted();
    if (taken.has(`${named.model}/${named.version}`)) continue;
    const version = await take(collecting, (db) => examineVersion(db, named, due), deleteVersionRows);
    if (version !== undefined) await finishVersion(collecting, version);
  }
}

/** Looks once more under the write lock, and deletes the rows there; a dry run only looks. */
async function take<T extends DueRun | DueVersion>(
  { store, dryRun, garbage }: Collecting,
  examine: (db: Kysely<Database>) => Promise<T | Kept | undefined>,
  remove: (transaction: Transaction<Database>, found: T) => Promise<void>,
): Promise<T | undefined> {
  const isKept = (found: T | Kept): found is Kept => 'what' in found;
  const found = dryRun
    ? await examine(store.db)
    : await store.write(async (transaction) => {
        const seen = await examine(transaction);
        if (seen !== undefined && !isKept(seen)) await remove(transaction, seen);
        return seen;
      });
  if (found === undefined || !isKept(found)) return found;
  garbage.kept.push(found);
  return undefined;
}

/** The manifest and the pointer of a run; the row is gone, so nobody writes them any more. */
async function takeFolder({ store, dryRun, garbage }: Collecting, run: DueRun): Promise<Released> {
  const released: Released = { bytes: 0, files: 0, missing: [], refused: [] };
  const kept = new Set(run.blobs.map(({ blob }) => blob));
  const own = await store.blobs.list(runKeys.folder(run.dir_name));
  const keys = own.map(({ key }) => key).filter((key) => !kept.has(key));
  for (const key of [...keys, runKeys.byId(run.run_id)]) {
    if (!dryRun) removeOne(store, key, released);
    else if (store.blobs.size(key) !== undefined) {
      released.bytes += store.blobs.size(key) ?? 0;
      released.files++;
    }
  }
  // A manifest that is missing is nothing to warn of: everything it said is gone.
  note(garbage, { ...released, missing: [] }, `run ${run.run_id.slice(0, 8)}`);
  return released;
}

async function finishVersion(collecting: Collecting, found: DueVersion): Promise<void> {
  const { model, version, run_id, deleted_at, path } = found;
  collecting.taken.add(`${model}/${version}`);
  const released = await collecting.release([path]);
  note(collecting.garbage, released, `version ${version} of ${model}`);
  collecting.garbage.versions.push({ model, version, run_id, deleted_at, bytes: released.bytes });
}

/** Models that nothing refers to any more. A version and its model are written in one transaction, so none is on its way. */
async function takeModels({ store, dryRun, garbage }: Collecting): Promise<void> {
  const gone = (name: string) => garbage.versions.filter(({ model }) => model === name).length;
  for (const { name } of await store.db.selectFrom('models').select('name').orderBy('name').execute()) {
    if (!(await isUnused(store.db, name, dryRun ? gone(name) : 0))) continue;
    const went =
      dryRun ||
      (await store.write(async (transaction) => {
        if (!(await isUnused(transaction, name))) return false;
        await transaction.deleteFrom('models').where('name', '=', name).execute();
        return true;
      }));
    if (went) garbage.models.push(name);
  }
}

async function takeLeftovers(collecting: Collecting, ages: LeftoverAges): Promise<void> {
  const { store, dryRun, options, garbage } = collecting;
  const remove = removingFiles(store);
  for await (const { what, entries } of findLeftovers(store, ages)) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`collecting ${what}`);
    const counted = { bytes: sum(entries.map(({ bytes }) => bytes)), files: entries.length };
    const released = dryRun
      ? { ...counted, missing: [], refused: [] }
      : await remove(entries.map(({ key }) => key));
    // Another collection may have been quicker.
    note(garbage, { ...released, missing: [] }, what);
    const group = garbage.leftovers.find((known) => known.what === what);
    if (group === undefined) garbage.leftovers.push({ what, files: released.files, bytes: released.bytes });
    else {
      group.files += released.files;
      group.bytes += released.bytes;
    }
  }
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

/** A file that is missing, or stays, is a warning: the rest is collected all the same. */
function note(garbage: Garbage, { bytes, missing, refused }: Released, of: string): void {
  garbage.bytes += bytes;
  garbage.refused += refused.length;
  const warnings = [
    ...missing.map((key) => `${of}: ${key} was missing already`),
    ...refused.map(({ key, why }) => `${of}: ${key} could not be removed: ${why}`),
  ];
  garbage.warnings.push(...warnings.slice(0, Math.max(0, MOST_WARNINGS - garbage.warnings.length)));
}
