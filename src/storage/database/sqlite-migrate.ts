import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { syncFolder } from '../../util/files.js';
import { latestVersion, type Migration, migrations } from './migrations.js';
import { openConnection } from './sqlite-connection.js';
import type { SqliteHandle } from './sqlite-dialect.js';
import { storeDamaged } from './sqlite-errors.js';
import { APPLICATION_ID, refuseNewer } from './sqlite-file.js';

/** The schema version of the open database, its log included. */
export function schemaVersion(raw: BetterSqlite3.Database): number {
  return raw.pragma('user_version', { simple: true }) as number;
}

/**
 * Brings the database to the latest version, in one exclusive transaction: of many processes that open an old or a new
 * store at once, one migrates and the others find it done. An older store is first copied to
 * `<database>.bak-<from>-<to>`.
 */
export async function migrateDatabase(
  writer: SqliteHandle,
  list: readonly Migration[] = migrations,
): Promise<void> {
  const { raw, path } = writer;
  const latest = latestVersion(list);
  const migrate = raw.transaction(() => {
    // Read again under the lock: whoever held it before may have migrated.
    const from = schemaVersion(raw);
    refuseNewer(path, from, latest);
    if (from === latest) return;
    if (from === 0) refuseForeign(raw, path);
    else backUp(path, `${path}.bak-${from}-${latest}`);
    for (const { version, sqlite } of list) if (version > from) raw.exec(sqlite);
    raw.pragma(`application_id = ${APPLICATION_ID}`);
    raw.pragma(`user_version = ${latest}`);
  });
  if ((await writer.run(() => schemaVersion(raw))) === latest) return;
  await writer.run(() => migrate.exclusive());
}

/** Version 0 should be an empty file; tables in it are somebody else's. */
function refuseForeign(raw: BetterSqlite3.Database, path: string): void {
  const tables = raw.prepare('SELECT count(*) FROM sqlite_master').pluck().get() as number;
  if (tables > 0) throw storeDamaged(path, 'it is the database of another program');
}

/** A whole copy, on disk and under its final name before the first change; the write lock is held meanwhile. */
function backUp(path: string, backup: string): void {
  const temporary = `${backup}.tmp-${randomBytes(6).toString('hex')}`;
  const reader = openConnection(path, { readonly: true, timeout: 0 });
  try {
    reader.prepare('VACUUM INTO ?').run(temporary);
    const handle = openSync(temporary, 'r+');
    fsyncSync(handle);
    closeSync(handle);
    renameSync(temporary, backup);
    syncFolder(dirname(backup));
  } finally {
    reader.close();
    rmSync(temporary, { force: true });
  }
}
