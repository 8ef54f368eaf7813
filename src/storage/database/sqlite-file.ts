import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { codeOf, explainFileError } from '../io-errors.js';
import { latestVersion } from './migrations.js';
import { storeDamaged } from './sqlite-errors.js';

/** `risk` in ASCII, in the header of each of our databases: it tells them from another program's. */
export const APPLICATION_ID = 0x7269736b;

const MAGIC = 'SQLite format 3\0';
/** How often a file that looks damaged is looked at again: another process may be in the middle of making it. */
const LOOKS = 5;

interface Look {
  stat: Stats;
  header: Buffer;
}

/**
 * What lies at `path`, from its first 100 bytes, before SQLite touches anything: a newer or a damaged store must be
 * refused with every byte as it was. Offsets: https://www.sqlite.org/fileformat2.html#the_database_header
 * @throws STORE_DAMAGED, STORE_VERSION (a newer store), STORE_IO
 */
export async function inspectDatabaseFile(path: string): Promise<'missing' | 'empty' | 'database'> {
  for (let look = 1; ; look++) {
    const seen = lookAt(path);
    if (seen === undefined) return 'missing';
    if (seen.stat.size === 0) return 'empty';
    const fault = faultOf(path, seen);
    if (fault === undefined) {
      refuseNewer(path, seen.header.readUInt32BE(60));
      return 'database';
    }
    if (look === LOOKS) throw storeDamaged(path, fault);
    await sleep(20);
  }
}

/** Which file stands at `path`, so that one that was put in its place is known; null when there is none. */
export function fileIdentity(path: string): string | null {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? null : `${found.dev}:${found.ino}`;
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/** Handles by file, never closed. */
const looking = new Map<string, number>();

/**
 * Locks of POSIX belong to a process and a file: closing any handle on the file gives up those that SQLite holds through
 * another, and then a second process takes this one for gone. So each file is opened to look at once, and never closed.
 */
function openToLook(path: string): number {
  if (process.platform === 'win32') return openSync(path, 'r');
  const before = looking.get(fileIdentity(path) ?? '');
  if (before !== undefined) return before;
  const handle = openSync(path, 'r');
  const { dev, ino } = fstatSync(handle, { bigint: true });
  looking.set(`${dev}:${ino}`, handle);
  return handle;
}

/**
 * Makes the empty file of a new database, for this user alone: it will hold what people were predicted, and hashes of tokens. SQLite
 * gives its log and shared memory the same rights. Whoever shall share it is let in by the operator.
 */
export function makePrivateFile(path: string): void {
  if (process.platform === 'win32') return;
  try {
    const handle = openSync(path, 'wx+', 0o600);
    const { dev, ino } = fstatSync(handle, { bigint: true });
    looking.set(`${dev}:${ino}`, handle);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw explainFileError(error, path);
  }
}

function lookAt(path: string): Look | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile())
      throw storeDamaged(path, found.isDirectory() ? 'it is a folder' : 'it is not a plain file');
    const handle = openToLook(path);
    try {
      const header = Buffer.alloc(100);
      readSync(handle, header, 0, 100, 0);
      return { header, stat: fstatSync(handle) };
    } finally {
      if (process.platform === 'win32') closeSync(handle);
    }
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/** What is wrong with the file, as far as its header and size tell. */
function faultOf(path: string, { stat, header }: Look): string | undefined {
  if (stat.size < 100) return `it has ${stat.size} bytes, fewer than any database`;
  if (header.toString('latin1', 0, 16) !== MAGIC) return 'it does not begin as an SQLite database does';
  const pages = header.readUInt32BE(28);
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const foreign = header.readUInt32BE(68) !== APPLICATION_ID;
  // A store whose first migration is not yet moved out of its log is one blank page.
  if (foreign && (pages > 1 || header.readUInt32BE(60) > 0)) return 'it is the database of another program';
  // While a log lies beside it, pages may be in the log alone.
  if (stat.size < pages * pageSize && !hasLog(path)) {
    return `it should have ${pages * pageSize} bytes and has ${stat.size}: it was cut off`;
  }
  return undefined;
}

function hasLog(path: string): boolean {
  return ['-wal', '-journal'].some((end) => (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

/** @throws STORE_VERSION when the store is newer than this riskops. */
export function refuseNewer(path: string, version: number, latest = latestVersion()): void {
  if (version <= latest) return;
  throw new RiskopsError('STORE_VERSION', {
    what: `${printable(path)} was written by a newer riskops`,
    why: `it has schema version ${version}; this riskops knows versions up to ${latest}`,
  });
}
