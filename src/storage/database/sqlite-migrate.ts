import { basename, dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { latestVersion, type Migration, migrations } from './migrations.js';
import { openConnection } from './sqlite-connection.js';
import { copyDatabase, removeUnfinished } from './sqlite-copy.js';
import type { SqliteHandle } from './sqlite-dialect.js';
import { storeDamaged } from './sqlite-errors.js';
import { APPLICATION_ID, refuseNewer } from './sqlite-file.js';

/** The schema version of the open database, its log included. */
export function schemaVersion(raw: BetterSqlite3.Database): number {
  return raw.pragma('user_version', { simple: true }) as number;
}

/** What a migration did. */
export interface Migrated {
  from: number;
  to: number;
  /** The copy of the store as it was before; null for a store that was new. */
  backup: string | null;
}

/** Where the copy goes that is made before a migration. */
export const migrationBackup = (path: string, from: number, to: number) => `${path}.bak-${from}-${to}`;

/**
 * Brings the database to the latest version, in one exclusive transaction: of many processes that open an old or a new
 * store at once, one migrates and the others find it done. An older store is first copied to
 * `<database>.bak-<from>-<to>`. A process that is killed on the way leaves the store as it was, and the next one begins anew.
 * @returns null when there was nothing to do, or another process did it
 */
export async function migrateDatabase(
  writer: SqliteHandle,
  list: readonly Migration[] = migrations,
): Promise<Migrated | null> {
  const { raw, path } = writer;
  const latest = latestVersion(list);
  const migrate = raw.transaction((): Migrated | null => {
    // Read again under the lock: whoever held it before may have migrated.
    const from = schemaVersion(raw);
    refuseNewer(path, from, latest);
    if (from === latest) return null;
    const backup = from === 0 ? null : migrationBackup(path, from, latest);
    if (backup === null) refuseForeign(raw, path);
    else backUp(path, backup, list);
    for (const { version, sqlite } of list) if (version > from) raw.exec(sqlite);
    raw.pragma(`application_id = ${APPLICATION_ID}`);
    raw.pragma(`user_version = ${latest}`);
    return { from, to: latest, backup };
  });
  if ((await writer.run(() => schemaVersion(raw))) === latest) return null;
  return writer.run(() => migrate.exclusive());
}

/** Version 0 should be an empty file; tables in it are somebody else's. */
function refuseForeign(raw: BetterSqlite3.Database, path: string): void {
  const tables = raw.prepare('SELECT count(*) FROM sqlite_master').pluck().get() as number;
  if (tables > 0) throw storeDamaged(path, 'it is the database of another program');
}

/** A whole copy, on disk and under its final name before the first change; the write lock is held meanwhile. */
function backUp(path: string, backup: string, list: readonly Migration[]): void {
  // Only the holder of the lock makes such copies: what is unfinished was left by a kill.
  removeUnfinished(dirname(path), `${basename(path)}.bak-`, 0);
  const reader = openConnection(path, { readonly: true, timeout: 0 });
  try {
    copyDatabase(reader, backup, list);
  } finally {
    reader.close();
  }
}
