import type { Kysely } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';

/** What became of files that rows named which are gone. */
export interface Released {
  bytes: number;
  files: number;
  /** Keys of files that were not there. */
  missing: string[];
  /** Files that the disk would not give up; the next collection finds them again. */
  refused: { key: string; why: string }[];
}

/** Lets go of files; `keys` has one entry for each row that named the file and does no more. */
export type Release = (keys: readonly string[]) => Promise<Released>;

/** Files in one transaction: their removal holds the write lock. */
const BATCH = 100;

/**
 * Removes the files that no row names. The decision and the removal are under the write lock, and so is the row that
 * names a file (`recordArtifact`): a file is either named before this looks, or gone before the row is written.
 */
export function removingFiles(store: Store): Release {
  return async (keys) => {
    const released = nothing();
    const distinct = [...new Set(keys)];
    for (let at = 0; at < distinct.length; at += BATCH) {
      const batch = distinct.slice(at, at + BATCH);
      await store.write(async (transaction) => {
        const named = await namedKeys(transaction, batch);
        for (const key of batch) if (!named.has(key)) removeOne(store, key, released);
      });
    }
    return released;
  };
}

/** Removes nothing, and counts what would go: a file goes with the last of the rows that name it. */
export function countingFiles(store: Store): Release {
  const rowsLeft = new Map<string, number>();
  return async (keys) => {
    const released = nothing();
    for (const key of keys) {
      const left = (rowsLeft.get(key) ?? (await countRows(store.db, key))) - 1;
      rowsLeft.set(key, left);
      const bytes = left <= 0 ? sizeOf(store, key) : 0;
      if (bytes === undefined) released.missing.push(key);
      else if (left <= 0) {
        released.bytes += bytes;
        released.files++;
      }
    }
    return released;
  };
}

const nothing = (): Released => ({ bytes: 0, files: 0, missing: [], refused: [] });

/** Removes one file; a fault of one does not keep the others. */
export function removeOne(store: Store, key: string, released: Released): void {
  const bytes = sizeOf(store, key);
  if (bytes === undefined) {
    released.missing.push(key);
    return;
  }
  try {
    if (!store.blobs.remove(key)) return;
    released.bytes += bytes;
    released.files++;
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    released.refused.push({ key, why: error.why ?? error.message });
  }
}

/** A key that cannot be one is that of no file: rows may have been written by others. */
function sizeOf(store: Store, key: string): number | undefined {
  try {
    return store.blobs.size(key);
  } catch (error) {
    if (error instanceof RiskopsError) return undefined;
    throw error;
  }
}

/** Those of `keys` that an artifact or a version names. */
export async function namedKeys(db: Kysely<Database>, keys: readonly string[]): Promise<Set<string>> {
  const artifacts = await db
    .selectFrom('artifacts')
    .select('blob as key')
    .distinct()
    .where('blob', 'in', keys)
    .execute();
  const versions = await db.selectFrom('versions').select('path as key').where('path', 'in', keys).execute();
  return new Set([...artifacts, ...versions].map(({ key }) => key));
}

async function countRows(db: Kysely<Database>, key: string): Promise<number> {
  const count = async (table: 'artifacts' | 'versions', column: 'blob' | 'path') => {
    const { rows } = await db
      .selectFrom(table as 'artifacts')
      .select(({ fn }) => fn.countAll<number>().as('rows'))
      .where(column as 'blob', '=', key)
      .executeTakeFirstOrThrow();
    return Number(rows);
  };
  return (await count('artifacts', 'blob')) + (await count('versions', 'path'));
}
