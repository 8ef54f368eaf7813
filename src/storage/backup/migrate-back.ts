import { readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { connectReader } from '../database/sqlite-connect.js';
import { refuseNewer } from '../database/sqlite-file.js';
import { migrationBackup, schemaVersion } from '../database/sqlite-migrate.js';
import { type RestoredDatabase, restoreDatabase } from './restore-database.js';

export interface MigratedBack extends RestoredDatabase {
  /** The schema version that the store had before this. */
  was: number;
}

/**
 * Undoes the last migration by putting its backup back: an older riskops can use the store again.
 * @throws BACKUP_NOT_FOUND, and as `restoreDatabase`: STORE_WOULD_LOSE when anything was written since
 */
export async function migrateBack(
  database: string,
  { force = false }: { force?: boolean } = {},
): Promise<MigratedBack> {
  const reader = await connectReader(database, 30_000);
  const was = schemaVersion(reader.raw);
  reader.raw.close();
  refuseNewer(database, was);
  const backup = lastMigrationTo(database, was);
  if (backup === undefined)
    throw new RiskopsError('BACKUP_NOT_FOUND', {
      what: `No migration of ${printable(database)} can be undone.`,
      why: `It has schema version ${was}, and there is no file ${basename(database)}.bak-N-${was} beside it.`,
    });
  return { was, ...(await restoreDatabase(database, backup, { force, command: 'riskops migrate --back' })) };
}

/** The backup from before the last migration: of several, the one that began at the highest version. */
function lastMigrationTo(database: string, version: number): string | undefined {
  const versions = readdirSync(dirname(database)).flatMap((name) => {
    const from = name.startsWith(`${basename(database)}.bak-`) && /\.bak-(\d+)-(\d+)$/.exec(name);
    return from && Number(from[2]) === version ? [Number(from[1])] : [];
  });
  return versions.length === 0 ? undefined : migrationBackup(database, Math.max(...versions), version);
}
