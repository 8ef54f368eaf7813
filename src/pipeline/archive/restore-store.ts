import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { projectPointer } from '../../registry/current.js';
import {
  backupMissing,
  type RestoredDatabase,
  restoreDatabase,
} from '../../storage/backup/restore-database.js';
import { localBlobs } from '../../storage/blobs/local.js';
import { plainFileSize } from '../../storage/blobs/plain-file.js';
import { checkDatabase } from '../../storage/database/sqlite-check.js';
import { explainFileError } from '../../storage/io-errors.js';
import { openStore } from '../../storage/open-store.js';
import type { StorePlaces } from '../../storage/store.js';
import { rebuildPointers } from '../../tracking/manifest.js';
import { filesOnRecord } from './backup-store.js';
import type { RecordedFile } from './files-on-record.js';
import { type ArchiveLimits, archiveInvalid, defaultLimits } from './manifest.js';
import { type StagedArchive, stageArchive } from './read-archive.js';

export interface RestoredStore extends RestoredDatabase {
  /** Files of an archive that were put back; null for a backup of the database alone. */
  files: number | null;
  /** Whether current.json had to be written. */
  pointer_written: boolean;
  /** Manifests and pointers of runs that were written again. */
  rebuilt: number;
}

export interface RestoreStoreOptions {
  /** Also when the store holds what the backup does not. */
  force?: boolean;
  limits?: ArchiveLimits;
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
}

/**
 * Puts a backup in the place of the store: of an archive first the files, then the database in one step, and then the pointer
 * and the manifests from it. The database that was there is kept beside it; files are added and never taken away.
 * @throws as `restoreDatabase`; of an archive also ARCHIVE_INVALID, ARCHIVE_TOO_LARGE, ARTIFACT_IMMUTABLE
 */
export async function restoreStore(
  places: StorePlaces,
  backup: string,
  options: RestoreStoreOptions = {},
): Promise<RestoredStore> {
  const { force = false, onProgress = () => {}, limits = defaultLimits, signal } = options;
  const command = 'riskops restore FILE';
  onProgress('checking the backup');
  if (isDatabase(backup)) {
    const restored = await restoreDatabase(places.database, backup, { force, command });
    return { ...restored, files: null, ...(await projectFiles(places)) };
  }
  const folder = dirname(places.database);
  const staged = await stageArchive(backup, { kind: 'backup', folder, limits, signal });
  try {
    const database = staged.path('database.db');
    if (database === undefined) throw archiveInvalid('there is no database in it');
    checkDatabase(database);
    onProgress('putting the files back');
    const files = await keepFiles(places, staged, database, signal);
    onProgress('putting the database back');
    const restored = await restoreDatabase(places.database, database, { force, command });
    return { ...restored, from: backup, files, ...(await projectFiles(places)) };
  } finally {
    staged.remove();
  }
}

/** By its first bytes; an archive is anything else. */
function isDatabase(path: string): boolean {
  const bytes = plainFileSize(path);
  if (bytes === undefined || bytes === 0) throw backupMissing(path, bytes === 0 ? 'empty' : 'missing');
  try {
    const handle = openSync(path, 'r');
    try {
      const magic = Buffer.alloc(15);
      readSync(handle, magic, 0, 15, 0);
      return magic.toString('latin1') === 'SQLite format 3';
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/** @returns how many files were not there before */
async function keepFiles(
  places: StorePlaces,
  staged: StagedArchive,
  database: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  const copy = await openStore({ ...places, database }, { mode: 'write' });
  let records: RecordedFile[];
  try {
    records = await filesOnRecord(copy);
  } finally {
    await copy.close();
  }
  const blobs = localBlobs(places.artifacts, 'write');
  const missing = new Set(staged.manifest.missing);
  for (const { key, sha256 } of records) {
    const isOurs =
      /^(blobs|models|runs)\//.test(key) && resolve(blobs.path(key)) !== resolve(places.currentModel);
    if (!isOurs) throw archiveInvalid('its database names a file outside of blobs, models and runs');
    if (staged.file(sha256) === undefined && !missing.has(sha256))
      throw archiveInvalid(`it lacks the file with the SHA-256 ${sha256}`);
  }
  let kept = 0;
  for (const { key, sha256 } of records) {
    signal?.throwIfAborted();
    const file = staged.file(sha256);
    if (file === undefined) continue;
    if (blobs.size(key) === undefined) kept++;
    await blobs.put(key, { file });
  }
  return kept;
}

/** What the database says, as files; an older one is migrated on the way. */
async function projectFiles(places: StorePlaces): Promise<{ pointer_written: boolean; rebuilt: number }> {
  const store = await openStore(places, { mode: 'write' });
  try {
    const pointer_written = await projectPointer(store);
    return { pointer_written, rebuilt: (await rebuildPointers(store)).length };
  } finally {
    await store.close();
  }
}
