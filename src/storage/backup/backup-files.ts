import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';

/** A copy of the database in the folder of backups. */
export interface BackupFile {
  path: string;
  bytes: number;
  /** UTC, ISO 8601; by its name. */
  taken_at: string;
  /** Made by rule, and removed by rule. */
  hourly: boolean;
}

/** Where backups of a database lie when no other place is named. */
export const backupFolder = (database: string) => join(dirname(database), 'backups');

const stem = (database: string) => basename(database, extname(database));

/** `riskops-20260301T120000123Z.db`: such names sort by time; those made by rule have `hourly-` in them. */
export function backupName(database: string, at: Date, hourly: boolean): string {
  return `${stem(database)}-${hourly ? 'hourly-' : ''}${at.toISOString().replace(/[-:.]/g, '')}.db`;
}

/** The backups of a database, oldest first. */
export function listBackups(database: string): BackupFile[] {
  const folder = backupFolder(database);
  const found: BackupFile[] = [];
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${stem(database)}-`)) continue;
    const parts = /^(hourly-)?(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.db$/.exec(
      name.slice(stem(database).length + 1),
    );
    const stat = statSync(join(folder, name), { throwIfNoEntry: false });
    if (parts === null || !stat?.isFile()) continue;
    const [, hourly, year, month, day, hour, minute, second, ms] = parts;
    found.push({
      path: join(folder, name),
      bytes: stat.size,
      taken_at: `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`,
      hourly: hourly !== undefined,
    });
  }
  return found.sort((a, b) => (a.taken_at < b.taken_at ? -1 : 1));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a copy is being made in the folder at this moment, by any process. */
export function isBackupUnderWay(database: string): boolean {
  return namesIn(backupFolder(database)).some(
    (name) => name.startsWith(stem(database)) && /\.db\.tmp-[0-9a-f]{12}$/.test(name),
  );
}

/** Removes the oldest hourly backups but `keep`; the one at `made` always stays. */
export function pruneBackups(database: string, keep: number, made: string): void {
  const hourly = listBackups(database).filter((file) => file.hourly && file.path !== made);
  for (const { path } of hourly.slice(0, Math.max(0, hourly.length - (keep - 1))))
    rmSync(path, { force: true });
}
