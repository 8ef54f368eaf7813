import { copyFileSync, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import { RiskopsError } from '../../errors.js';
import { syncFolder } from '../../util/files.js';
import { printable } from '../../util/text.js';
import { checkDatabase } from '../database/sqlite-check.js';
import { connectWriter } from '../database/sqlite-connect.js';
import { openConnection } from '../database/sqlite-connection.js';
import { copyDatabase, syncFile } from '../database/sqlite-copy.js';
import { explainSqliteError, isBusy } from '../database/sqlite-errors.js';
import { retryWhileBusy } from '../database/sqlite-retry.js';

/** How long to wait for a command that is about to end. */
const PATIENCE_MS = 2_000;

/** What belongs to a database file besides itself. */
const SIDE_FILES = ['-wal', '-shm', '-journal'];

/**
 * Puts the database file `prepared` in the place of `database`, in one step: a kill leaves the old one or the new one. The old
 * one is kept beside it first. `prepared` must be whole, checked and in the same folder; it is gone afterwards.
 * @returns where the old one is kept; null when there was none
 * @throws STORE_IN_USE when any other process has the old one open, STORE_IO
 */
export async function replaceDatabase(database: string, prepared: string): Promise<string | null> {
  try {
    await prepare(prepared);
    if (existsSync(database)) return await keepAndReplace(database, prepared);
    takePlace(prepared, database);
    return null;
  } catch (error) {
    throw explainSqliteError(error, database);
  }
}

async function keepAndReplace(database: string, prepared: string): Promise<string> {
  const kept = `${database}.before-restore-${new Date().toISOString().replace(/[-:.]/g, '')}`;
  const sound = await retryWhileBusy(() => isSound(database), database, PATIENCE_MS);
  // First of all, since SQLite would tidy away the log of a file that it cannot read.
  if (!sound) keepAsItIs(database, kept);
  const alone = await openAlone(database).catch((error) => {
    for (const end of ['', ...SIDE_FILES]) rmSync(kept + end, { force: true });
    throw error;
  });
  try {
    if (sound && alone !== undefined) copyDatabase(alone, kept);
    takePlace(prepared, database);
    return kept;
  } finally {
    alone?.close();
  }
}

/** Whether it can be copied table by table; one that is damaged, or of a newer riskops, is kept byte by byte. */
function isSound(database: string): boolean {
  try {
    checkDatabase(database);
    return true;
  } catch (error) {
    if (error instanceof RiskopsError && ['STORE_DAMAGED', 'STORE_VERSION'].includes(error.code))
      return false;
    throw error;
  }
}

/** SQLite would play a log that stands beside it into the new file: whatever is left of the old one goes first. */
function takePlace(prepared: string, database: string): void {
  for (const end of SIDE_FILES) rmSync(database + end, { force: true });
  renameSync(prepared, database);
  syncFolder(dirname(database));
}

/** With its log switched on, so that the first process to open it need not change the file; all on disk. */
async function prepare(prepared: string): Promise<void> {
  (await connectWriter(prepared, 0)).raw.close();
  syncFile(prepared);
}

/**
 * The database open with no other process beside: leaving the log mode needs the whole file, and the lock stays until the
 * connection is closed. Undefined for a file that SQLite cannot read: nobody can be using it.
 */
async function openAlone(database: string): Promise<BetterSqlite3.Database | undefined> {
  for (const began = performance.now(); ; await sleep(50)) {
    const raw = openConnection(database, { timeout: 0 });
    try {
      raw.pragma('locking_mode = EXCLUSIVE');
      if (raw.pragma('journal_mode = DELETE', { simple: true }) === 'delete') {
        raw.exec('BEGIN EXCLUSIVE; COMMIT');
        return raw;
      }
      raw.close();
    } catch (error) {
      raw.close();
      const explained = explainSqliteError(error, database);
      if (explained instanceof RiskopsError && explained.code === 'STORE_DAMAGED') return undefined;
      if (!isBusy(error)) throw explained;
    }
    if (performance.now() - began > PATIENCE_MS) throw inUse(database);
  }
}

/** With its log, which holds what was written last. */
function keepAsItIs(database: string, kept: string): void {
  for (const end of ['', ...SIDE_FILES]) {
    if (!existsSync(database + end)) continue;
    copyFileSync(database + end, kept + end);
    syncFile(kept + end);
  }
  syncFolder(dirname(kept));
}

function inUse(database: string): RiskopsError {
  return new RiskopsError('STORE_IN_USE', {
    what: `${printable(database)} cannot be replaced now.`,
    why: 'Another process has it open, and what that one writes would be lost.',
  });
}
