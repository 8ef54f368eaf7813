import { lstatSync } from 'node:fs';
import { RiskopsError } from '../errors.js';
import { type Pointer, readPointer } from '../registry/current.js';

/** What tells one content of a file from the next without reading it. */
interface Stamp {
  mtime: bigint;
  ctime: bigint;
  ino: bigint;
  size: bigint;
}

/** The file's stamp; null when there is no file. Throws what the file system reports otherwise. */
export function stampOf(path: string): Stamp | null {
  // lstat: a link put in the pointer's place is a change too, and is refused when it is read.
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined) return null;
  return { mtime: stats.mtimeNs, ctime: stats.ctimeNs, ino: stats.ino, size: stats.size };
}

export function isSameStamp(a: Stamp | null, b: Stamp | null): boolean {
  if (a === null || b === null) return a === b;
  return a.mtime === b.mtime && a.ctime === b.ctime && a.ino === b.ino && a.size === b.size;
}

/**
 * Follows `current.json`. What it said last goes on while it cannot be read, or is gone: neither of the two is ever
 * taken for "nothing is promoted".
 */
export class PointerWatch {
  /** What the pointer said when it was last read well; null when there never was one. */
  pointer: Pointer | null = null;
  /** Why it cannot be read at the moment. */
  failure: RiskopsError | null = null;
  #stamp: Stamp | null = null;

  constructor(private readonly path: string) {
    this.read();
  }

  /** Looks whether the file changed, which takes microseconds, and reads it only then. True when it was read. */
  look(): boolean {
    try {
      if (isSameStamp(stampOf(this.path), this.#stamp)) return false;
    } catch {
      // the read below meets the same fault, and keeps it
      if (this.failure !== null) return false;
    }
    this.read();
    return true;
  }

  /** Reads the file, whatever its stamp says: two writes within the clock's grain can have one stamp. */
  read(): void {
    try {
      // Before the content: a write in between shows as a change at the next look.
      this.#stamp = stampOf(this.path);
      const pointer = readPointer(this.path);
      if (pointer === null && this.pointer !== null) throw gone(this.path);
      this.pointer = pointer;
      this.failure = null;
    } catch (error) {
      this.failure = error instanceof RiskopsError ? error : unreadable(this.path, error);
    }
  }
}

function gone(path: string): RiskopsError {
  return new RiskopsError('POINTER_INVALID', {
    what: 'The pointer to the current models is gone.',
    why: `${path} was there when the server read it last.`,
    fix: 'riskops doctor --fix',
  });
}

function unreadable(path: string, cause: unknown): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: 'The pointer to the current models cannot be read.',
    why: `${path}: ${(cause as Error).message}`,
    cause,
  });
}
