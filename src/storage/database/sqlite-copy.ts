import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { syncFolder } from '../../util/files.js';
import type { Migration } from './migrations.js';
import { checkDatabase } from './sqlite-check.js';

/** A name that no finished file has; `blobs/keys.ts` refuses it as a key. */
export function unfinishedName(path: string): string {
  return `${path}.tmp-${randomBytes(6).toString('hex')}`;
}

/**
 * One consistent copy of an open database, at `target`, whatever others write meanwhile: whole, checked and on disk before it
 * gets its name. What stands at `target` is replaced. SQLite's own backup interface would begin again with each commit of
 * another process; this reads one snapshot, once.
 * @throws what SQLite reports; SQLITE_BUSY when another process is in the way
 */
export function copyDatabase(raw: BetterSqlite3.Database, target: string, list?: readonly Migration[]): void {
  const temporary = unfinishedName(target);
  try {
    // As private as the database itself; SQLite fills a file that is empty.
    closeSync(openSync(temporary, 'wx', 0o600));
    raw.prepare('VACUUM INTO ?').run(temporary);
    checkDatabase(temporary, list);
    syncFile(temporary);
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } finally {
    rmSync(temporary, { force: true });
  }
}

export function syncFile(path: string): void {
  const handle = openSync(path, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const UNFINISHED_COPY = /\.tmp-[0-9a-f]{12}(-journal|-wal|-shm)?$/;
/** A file that is being written changes all the time; one that nobody touched for so long was left by a kill. */
const LEFT_AFTER_MS = 10 * 60_000;

/**
 * Removes what killed copies left in `folder`: unfinished files whose name begins with `prefix`. Files and folders alike.
 * @param leftAfterMs how long nobody has written to them; 0 when a lock tells that nobody can be writing
 */
export function removeUnfinished(folder: string, prefix: string, leftAfterMs = LEFT_AFTER_MS): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !UNFINISHED_COPY.test(name)) continue;
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs >= leftAfterMs)
      rmSync(path, { recursive: true, force: true });
  }
}
