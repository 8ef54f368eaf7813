import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { RiskopsError } from '../../errors.js';
import { migrations } from '../database/migrations.js';
import { connectReader, connectWriter } from '../database/sqlite-connect.js';
import { copyDatabase, unfinishedName } from '../database/sqlite-copy.js';
import { migrateDatabase, schemaVersion } from '../database/sqlite-migrate.js';
import { codeOf } from '../io-errors.js';

/** Rows of a table that a store would lose. */
export interface LostRows {
  table: string;
  rows: number;
}

/**
 * What is in `database` and not in `backup`, compared row by row, after a copy of the backup was brought to the database's
 * own schema version. `unreadable`: nothing can be read from the database, so nothing can be lost. `unknown`: it is the
 * older of the two, or of a newer riskops, or has tables of its own making.
 * @throws STORE_BUSY, STORE_IO
 */
export async function lostRows(
  database: string,
  backup: string,
): Promise<LostRows[] | 'unreadable' | 'unknown'> {
  const folder = unfinishedName(database);
  const copy = join(folder, 'backup.db');
  let present: BetterSqlite3.Database | undefined;
  try {
    present = (await connectReader(database, 2_000)).raw;
    mkdirSync(folder);
    if (!(await copyAtVersion(backup, copy, schemaVersion(present)))) return 'unknown';
    present.prepare('ATTACH ? AS backup').run(copy);
    return tablesOfBoth(present)
      .map((table) => ({ table, rows: countLost(present as BetterSqlite3.Database, table) }))
      .filter(({ rows }) => rows > 0);
  } catch (error) {
    if (codeOf(error) === 'SQLITE_ERROR') return 'unknown';
    const isDamaged = error instanceof RiskopsError && error.code === 'STORE_DAMAGED';
    if (isDamaged || codeOf(error).startsWith('SQLITE_CORRUPT')) return 'unreadable';
    throw error;
  } finally {
    present?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies the backup and migrates the copy; false when the backup is the newer one. */
async function copyAtVersion(backup: string, copy: string, version: number): Promise<boolean> {
  const saved = await connectReader(backup, 2_000);
  try {
    if (schemaVersion(saved.raw) > version) return false;
    copyDatabase(saved.raw, copy);
  } finally {
    saved.raw.close();
  }
  const writer = await connectWriter(copy, 0);
  try {
    await migrateDatabase(writer, migrations.slice(0, version));
  } finally {
    writer.raw.close();
  }
  return true;
}

function tablesOfBoth(raw: BetterSqlite3.Database): string[] {
  const tables = raw.prepare(
    `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
     INTERSECT SELECT name FROM backup.sqlite_master WHERE type = 'table' ORDER BY name`,
  );
  return tables.pluck().all() as string[];
}

function countLost(raw: BetterSqlite3.Database, table: string): number {
  const name = `"${table.replaceAll('"', '""')}"`;
  return raw
    .prepare(`SELECT count(*) FROM (SELECT * FROM main.${name} EXCEPT SELECT * FROM backup.${name})`)
    .pluck()
    .get() as number;
}
