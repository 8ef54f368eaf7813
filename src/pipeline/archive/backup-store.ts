import { mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backUpDatabase, refuseExisting } from '../../storage/backup/backup-database.js';
import { removeUnfinished, unfinishedName } from '../../storage/database/sqlite-copy.js';
import { explainFileError } from '../../storage/io-errors.js';
import { openStore } from '../../storage/open-store.js';
import type { Store, StorePlaces } from '../../storage/store.js';
import { makeFolder, sha256File } from '../../util/files.js';
import { findFiles, type RecordedFile } from './files-on-record.js';
import { writeArchive } from './write-archive.js';

export interface StoreBackup {
  path: string;
  bytes: number;
  schema_version: number;
  /** UTC, ISO 8601. */
  taken_at: string;
  files: number;
  /** Files on record that are gone or changed: keys below the artifacts folder. */
  missing: string[];
}

interface BackupTold {
  onProgress?: (text: string) => void;
  signal?: AbortSignal;
}

/**
 * Copies the whole store into one archive while others use it: first the database, then every file that this copy names.
 * Files are never changed once they are on record, so both belong together.
 * @throws STORE_NOT_FOUND, STORE_DAMAGED, STORE_VERSION, STORE_BUSY, STORE_IO, ALREADY_EXISTS
 */
export async function backUpStore(
  places: StorePlaces,
  path: string,
  { onProgress = () => {}, signal }: BackupTold = {},
): Promise<StoreBackup> {
  refuseExisting(path);
  const staging = unfinishedName(path);
  const database = join(staging, 'database.db');
  try {
    makeFolder(dirname(path));
    removeUnfinished(dirname(path), basename(path));
    mkdirSync(staging);
    onProgress('copying the database');
    const { bytes, schema_version, taken_at } = await backUpDatabase(places.database, { out: database });
    const { sources, missing } = await filesOfCopy({ ...places, database }, signal);
    onProgress(`writing ${sources.length} files`);
    const copy = { name: 'database.db', file: database, bytes, sha256: await sha256File(database) };
    await writeArchive(path, {
      kind: 'backup',
      counts: { files: sources.length },
      missing: missing.map(({ sha256 }) => sha256),
      sources: [copy, ...sources],
      signal,
    });
    const lost = missing.map(({ key }) => key);
    return {
      path,
      bytes: statSync(path).size,
      schema_version,
      taken_at,
      files: sources.length,
      missing: lost,
    };
  } catch (error) {
    throw explainFileError(error, path);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** The files that a copy of the database names, found in the artifacts folder. */
async function filesOfCopy(places: StorePlaces, signal: AbortSignal | undefined) {
  const store = await openStore(places, { mode: 'read' });
  try {
    return await findFiles(store.blobs, await filesOnRecord(store), signal);
  } finally {
    await store.close();
  }
}

/** Every file that the database names: contents of artifacts, and model files. */
export async function filesOnRecord({ db }: Store): Promise<RecordedFile[]> {
  const artifacts = await db.selectFrom('artifacts').select(['blob as key', 'sha256']).distinct().execute();
  const versions = await db.selectFrom('versions').select(['path as key', 'sha256']).execute();
  return [...versions, ...artifacts];
}
