import { RiskopsError } from '../../errors.js';
import { printable } from '../../util/text.js';
import { codeOf, explainFileError, storeIo } from '../io-errors.js';

/** Another connection holds a lock that this one needs. */
export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

/** A reader could not make the shared-memory file beside the database: the folder is read-only, or the disk is full. */
export function hasNoSharedMemory(error: unknown): boolean {
  return /^SQLITE_(READONLY_DIRECTORY|READONLY_CANTINIT|CANTOPEN|IOERR_SHM(OPEN|SIZE|MAP)|FULL)/.test(
    codeOf(error),
  );
}

export function storeDamaged(path: string, why: string, cause?: unknown): RiskopsError {
  return new RiskopsError('STORE_DAMAGED', {
    what: `${printable(path)} is not a sound riskops database`,
    why,
    fix: 'put back a backup, or move the file away and start anew with: riskops init',
    cause,
  });
}

export function storeBusy(path: string, waitedMs: number): RiskopsError {
  return new RiskopsError('STORE_BUSY', {
    what: `${printable(path)} is busy`,
    why: `another process held its write lock for ${(waitedMs / 1000).toFixed(1)} s`,
  });
}

/** The catalogue's error for what SQLite reports; constraint violations and the like as they are. */
export function explainSqliteError(error: unknown, path: string): unknown {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT'))
    return storeDamaged(path, message, error);
  if (code === 'SQLITE_FULL') return storeIo(path, 'the disk is full', error);
  if (code.startsWith('SQLITE_READONLY')) return storeIo(path, 'it, or its folder, cannot be written', error);
  if (code.startsWith('SQLITE_CANTOPEN')) return storeIo(path, 'it cannot be opened', error);
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_PERM')
    return storeIo(path, `${message} (${code})`, error);
  if (code === 'ERR_DLOPEN_FAILED' || message.startsWith('Could not locate the bindings'))
    return moduleUnusable(error);
  return explainFileError(error, path);
}

/** The compiled part of the database module is missing, or was built for another Node. */
function moduleUnusable(cause: unknown): RiskopsError {
  const forOther = codeOf(cause) === 'ERR_DLOPEN_FAILED';
  return new RiskopsError('DATABASE_MODULE_UNUSABLE', {
    what: 'The database module better-sqlite3 cannot be loaded.',
    why: forOther
      ? `It was not built for this Node, ${process.versions.node}.`
      : 'Its compiled part is missing: it was installed without its install script.',
    cause,
  });
}
