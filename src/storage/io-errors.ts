import { RiskopsError } from '../errors.js';
import { printable } from '../util/text.js';

/** The code of an error of better-sqlite3 or node:fs, `''` when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

const MEND = 'make room, or mend the rights of the file and of its folder, then run the same command again';

export function storeIo(path: string, why: string, cause?: unknown, fix = MEND): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: `the disk refused a read or a write of ${printable(path)}`,
    why,
    fix,
    cause,
  });
}

const FILE_FAULTS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EACCES: 'this user has no right to it',
  EPERM: 'this user has no right to it',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reported a fault',
  EFBIG: 'the file would be larger than is allowed',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EEXIST: 'a part of the path is a file, not a folder',
  ELOOP: 'a part of the path is a symbolic link that may not be followed',
  ENAMETOOLONG: 'the path is longer than the file system allows',
};

/** STORE_IO for a fault of the file system; anything else as it is. */
export function explainFileError(error: unknown, path: string): unknown {
  const why = FILE_FAULTS[codeOf(error)];
  if (why === undefined) return error;
  const fix = codeOf(error) === 'EMFILE' ? 'ulimit -n 1024, then the same command again' : undefined;
  return storeIo(path, why, error, fix);
}
