import { catalogue, RiskopsError } from '../../errors.js';
import { listBackups } from '../../storage/backup/backup-files.js';
import { explainSqliteError } from '../../storage/database/sqlite-errors.js';
import type { StorePlaces } from '../../storage/store.js';
import { printable } from '../../util/text.js';
import type { Finding } from './check.js';

/** An error as a finding: what and why on one line, and what helps. */
export function findingOf(thrown: unknown, places: StorePlaces): Omit<Finding, 'check'> {
  const error = explainSqliteError(thrown, places.database);
  if (error instanceof RiskopsError) {
    const isOfStore = error.code === 'STORE_DAMAGED';
    return {
      severity: 'error',
      message: [sentence(error.message), error.why && sentence(error.why)].filter(Boolean).join(' '),
      remedy: isOfStore ? bringBack(places) : error.fix,
    };
  }
  return {
    severity: 'error',
    message: `The check failed: ${error instanceof Error ? printable(error.message) : String(error)}`,
    remedy: catalogue.INTERNAL_ERROR.next,
  };
}

const sentence = (text: string) => text.replace(/[.]?$/, '.');

/** What helps a damaged database: the newest backup, or to begin anew. */
export function bringBack({ database }: StorePlaces): string {
  const newest = listBackups(database).at(-1);
  return newest === undefined
    ? `there is no backup: move ${database} away, with its -wal and -shm, then riskops init`
    : `riskops restore ${newest.path}`;
}
