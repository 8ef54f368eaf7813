import { readFileSync, statSync } from 'node:fs';
import type BetterSqlite3 from 'better-sqlite3';
import { codeOf, storeIo } from '../io-errors.js';
import { openConnection } from './sqlite-connection.js';
import { SqliteHandle } from './sqlite-dialect.js';
import { explainSqliteError, hasNoSharedMemory } from './sqlite-errors.js';
import { retryWhileBusy } from './sqlite-retry.js';

/** No waiting inside SQLite: `retryWhileBusy` waits, in turn with everyone else. */
const NO_BUSY_HANDLER = { timeout: 0 };

/** The one connection that writes; makes the file when it is missing, unless `create` is false. */
export async function connectWriter(
  path: string,
  busyTimeoutMs: number,
  create = true,
): Promise<SqliteHandle> {
  const options = { ...NO_BUSY_HANDLER, fileMustExist: !create };
  const raw = await openRaw(path, busyTimeoutMs, () => openConnection(path, options));
  const handle = new SqliteHandle(raw, path, busyTimeoutMs);
  try {
    await handle.run(() => {
      const mode = raw.pragma('journal_mode = WAL', { simple: true });
      if (mode !== 'wal')
        throw storeIo(path, `this file system has no write-ahead log (journal mode stays ${mode})`);
      setPragmas(raw);
    });
    return handle;
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** Proves that the database module loads. @throws DATABASE_MODULE_UNUSABLE */
export function tryDatabaseModule(): void {
  try {
    openConnection(':memory:').close();
  } catch (error) {
    throw explainSqliteError(error, ':memory:');
  }
}

/** A connection that cannot write, on a database that exists. */
export async function connectReader(path: string, busyTimeoutMs: number): Promise<SqliteHandle> {
  const open = () => openReadOnly(path);
  return new SqliteHandle(await openRaw(path, busyTimeoutMs, open), path, busyTimeoutMs, open);
}

function openReadOnly(path: string): BetterSqlite3.Database {
  const raw = openConnection(path, { ...NO_BUSY_HANDLER, readonly: true, fileMustExist: true });
  try {
    // The first read is what opens the log and its shared memory.
    raw.pragma('user_version');
    setPragmas(raw);
    return raw;
  } catch (error) {
    raw.close();
    if (codeOf(error) === 'SQLITE_READONLY_ROLLBACK') {
      finishRollback(path);
      return openReadOnly(path);
    }
    const image = hasNoSharedMemory(error) ? readImage(path) : undefined;
    if (image === undefined) throw error;
    return openConnection(image, { readonly: true });
  }
}

/**
 * A kill while the log mode was switched on or off, as a restore does, leaves a journal that must be played back before
 * anybody can read; only a connection that may write does that.
 */
export function finishRollback(path: string): void {
  const raw = openConnection(path, { ...NO_BUSY_HANDLER, fileMustExist: true });
  try {
    raw.pragma('user_version');
  } finally {
    raw.close();
  }
}

/**
 * In a folder that may not be written, and on a full disk, SQLite cannot make the shared memory of its log. With no log beside
 * it the file is the whole database, and nobody can be writing, so it is read as an image in memory. Undefined when there is a
 * log, or when somebody wrote after all.
 */
function readImage(path: string): Buffer | undefined {
  const before = statSync(path).mtimeMs;
  if (hasPendingLog(path)) return undefined;
  const image = readFileSync(path);
  if (hasPendingLog(path) || statSync(path).mtimeMs !== before) return undefined;
  // Bytes 18 and 19 say "with a write-ahead log"; an image has none.
  image[18] = 1;
  image[19] = 1;
  return image;
}

function hasPendingLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * `synchronous` is set on each connection though the pragma reads FULL already: better-sqlite3 is built with a lower
 * default for write-ahead logs, which takes effect unless it was set, and then a power cut loses acknowledged commits.
 */
function setPragmas(raw: BetterSqlite3.Database): void {
  raw.pragma('synchronous = FULL');
  // On macOS a plain fsync stops at the drive's cache.
  raw.pragma('fullfsync = ON');
  raw.pragma('foreign_keys = ON');
}

async function openRaw(
  path: string,
  busyTimeoutMs: number,
  open: () => BetterSqlite3.Database,
): Promise<BetterSqlite3.Database> {
  try {
    return await retryWhileBusy(open, path, busyTimeoutMs);
  } catch (error) {
    throw explainSqliteError(error, path);
  }
}
