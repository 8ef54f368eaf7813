import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { makeFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { checkDatabase } from '../database/sqlite-check.js';
import { connectReader } from '../database/sqlite-connect.js';
import { copyDatabase, removeUnfinished, unfinishedName } from '../database/sqlite-copy.js';
import { explainSqliteError } from '../database/sqlite-errors.js';
import { inspectDatabaseFile } from '../database/sqlite-file.js';
import { retryWhileBusy } from '../database/sqlite-retry.js';
import { lostRows } from './lost-rows.js';
import { replaceDatabase } from './replace-database.js';

export interface RestoredDatabase {
  /** The backup. */
  from: string;
  schema_version: number;
  /** Where the store that was there is kept; null when there was none. */
  kept: string | null;
}

export interface RestoreOptions {
  /** Also when the store holds what the backup does not. */
  force?: boolean;
  /** The command that was called, for the error that asks for `--force`. */
  command: string;
}

/**
 * Puts a backup in the place of the database, after it was proved whole; the database that is there is kept beside it. A kill
 * leaves the old one or the new one. The backup itself stays.
 * @throws BACKUP_NOT_FOUND, STORE_DAMAGED, STORE_VERSION (of the backup), STORE_WOULD_LOSE, STORE_IN_USE, STORE_IO; each leaves
 *   the store as it was
 */
export async function restoreDatabase(
  database: string,
  backup: string,
  options: RestoreOptions,
): Promise<RestoredDatabase> {
  if (resolve(backup) === resolve(database)) throw isTheStore(backup);
  const state = await inspectDatabaseFile(backup);
  if (state !== 'database') throw backupMissing(backup, state);
  const schema_version = await retryWhileBusy(() => checkDatabase(backup), backup, 2_000);
  if (!options.force && existsSync(database)) await refuseLoss(database, backup, options.command);
  const prepared = unfinishedName(database);
  try {
    makeFolder(dirname(database));
    removeUnfinished(dirname(database), basename(database));
    const reader = await connectReader(backup, 0);
    try {
      copyDatabase(reader.raw, prepared);
    } finally {
      reader.raw.close();
    }
    return { from: backup, schema_version, kept: await replaceDatabase(database, prepared) };
  } catch (error) {
    throw explainSqliteError(error, database);
  } finally {
    rmSync(prepared, { force: true });
  }
}

async function refuseLoss(database: string, backup: string, command: string): Promise<void> {
  const lost = await lostRows(database, backup);
  if (lost === 'unreadable' || lost.length === 0) return;
  throw new RiskopsError('STORE_WOULD_LOSE', {
    what: 'The store holds what the backup does not.',
    why:
      lost === 'unknown'
        ? 'Its tables are not those of the backup, so the two cannot be compared.'
        : `Written or changed since: ${lost.map(({ table, rows }) => `${rows} rows of ${table}`).join(', ')}.`,
    fix: `${command} --force, which keeps the present database beside the new one`,
    details: { lost: lost === 'unknown' ? null : lost },
  });
}

export function backupMissing(backup: string, state: 'missing' | 'empty'): RiskopsError {
  return new RiskopsError('BACKUP_NOT_FOUND', {
    what: `There is no backup at ${printable(backup)}.`,
    why: state === 'empty' ? 'The file is empty.' : 'There is no such file.',
  });
}

function isTheStore(backup: string): RiskopsError {
  return new RiskopsError('USAGE', {
    what: `${printable(backup)} is the store itself.`,
    why: 'A backup is put in its place.',
    fix: 'riskops where, which lists the backups',
  });
}
