import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RiskopsError } from '../../errors.js';
import { makeFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { connectReader } from '../database/sqlite-connect.js';
import { copyDatabase, removeUnfinished } from '../database/sqlite-copy.js';
import { explainSqliteError } from '../database/sqlite-errors.js';
import { inspectDatabaseFile } from '../database/sqlite-file.js';
import { schemaVersion } from '../database/sqlite-migrate.js';
import { retryWhileBusy } from '../database/sqlite-retry.js';
import { codeOf } from '../io-errors.js';
import { backupFolder, backupName, isBackupUnderWay, listBackups, pruneBackups } from './backup-files.js';

export interface Backup {
  path: string;
  bytes: number;
  schema_version: number;
  /** UTC, ISO 8601. */
  taken_at: string;
}

export interface BackupOptions {
  /** The file to write; a name by the time in the folder `backups` beside the database when left out. */
  out?: string;
  hourly?: boolean;
  /** How long to wait for a lock, ms; a copy needs one only for moments. */
  busyTimeoutMs?: number;
}

/**
 * Copies the database into one file while others read and write: a whole, checked copy of one moment, on disk before it has
 * its name. An older store is copied as it is.
 * @throws STORE_NOT_FOUND, STORE_DAMAGED, STORE_BUSY, STORE_IO, ALREADY_EXISTS
 */
export async function backUpDatabase(database: string, options: BackupOptions = {}): Promise<Backup> {
  const { hourly = false, busyTimeoutMs = 30_000 } = options;
  const at = new Date();
  const target = options.out ?? join(backupFolder(database), backupName(database, at, hourly));
  if ((await inspectDatabaseFile(database)) !== 'database') throw noStore(database);
  refuseExisting(target);
  const reader = await connectReader(database, busyTimeoutMs);
  try {
    makeFolder(dirname(target));
    removeUnfinished(dirname(target), options.out === undefined ? '' : basename(target));
    await retryWhileBusy(() => copyDatabase(reader.raw, target), database, busyTimeoutMs);
    return {
      path: target,
      bytes: statSync(target).size,
      schema_version: schemaVersion(reader.raw),
      taken_at: at.toISOString(),
    };
  } catch (error) {
    const isDamaged = /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));
    throw explainSqliteError(error, isDamaged ? database : target);
  } finally {
    reader.raw.close();
  }
}

/** @throws ALREADY_EXISTS: a backup never takes the place of another file. */
export function refuseExisting(target: string): void {
  if (!existsSync(target)) return;
  throw new RiskopsError('ALREADY_EXISTS', {
    what: `${printable(target)} is there already.`,
    why: 'It may be the only good copy of something, so it is never written over.',
    fix: 'name another file with --out',
  });
}

function noStore(database: string): RiskopsError {
  return new RiskopsError('STORE_NOT_FOUND', {
    what: `There is no store at ${printable(database)}.`,
    why: 'Nothing was recorded here yet, so there is nothing to copy.',
    fix: 'riskops where',
  });
}

export interface BackupRule {
  /** A copy is due when the newest is so many hours old; 0 is never. */
  hours: number;
  /** How many hourly copies stay. */
  keep: number;
  /** Larger databases, in megabytes, are left to the `backup` command. */
  megabytes: number;
}

export type BackupDue = 'due' | 'off' | 'recent' | 'unchanged' | 'too large' | 'under way' | 'no store';

/** Whether an hourly backup is due, and why not. Looks at names, sizes and times alone: a fraction of a millisecond. */
export function backupDue(database: string, { hours, megabytes }: BackupRule, now = Date.now()): BackupDue {
  if (hours === 0) return 'off';
  const [file, log] = ['', '-wal'].map((end) => statSync(database + end, { throwIfNoEntry: false }));
  if (file === undefined || file.size === 0) return 'no store';
  // A copy from a time that is yet to come, after a clock was set back, says nothing about the last hour.
  const newest = listBackups(database).findLast(({ taken_at }) => Date.parse(taken_at) <= now);
  if (newest !== undefined) {
    if (now - Date.parse(newest.taken_at) < hours * 3_600_000) return 'recent';
    if (Math.max(file.mtimeMs, log?.mtimeMs ?? 0) <= statSync(newest.path).mtimeMs) return 'unchanged';
  }
  if (file.size + (log?.size ?? 0) > megabytes * 1e6) return 'too large';
  return isBackupUnderWay(database) ? 'under way' : 'due';
}

/**
 * Makes the hourly backup when it is due, and removes the oldest beyond `keep`.
 * @returns the backup, or why there is none
 * @throws as `backUpDatabase`
 */
export async function backUpWhenDue(database: string, rule: BackupRule): Promise<Backup | BackupDue> {
  if (rule.hours !== 0) clearUnfinished(database);
  const due = backupDue(database, rule);
  if (due !== 'due') return due;
  const backup = await backUpDatabase(database, { hourly: true, busyTimeoutMs: 1_000 });
  pruneBackups(database, rule.keep, backup.path);
  return backup;
}

/** What a killed copy left would look like one that is under way. */
function clearUnfinished(database: string): void {
  const folder = backupFolder(database);
  if (existsSync(folder)) removeUnfinished(folder, '');
}
