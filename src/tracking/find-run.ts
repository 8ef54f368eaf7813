import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import type { RunRow } from './run-records.js';

/** So many ids are named when a prefix fits more than one. */
const NAMED = 10;

/**
 * The run with this id, the one run whose id begins with it, or the run with this folder name.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS (`details.run_ids` names the first ten)
 */
export async function findRun(store: Store, idOrPrefix: string): Promise<RunRow> {
  const wanted = idOrPrefix.trim().toLowerCase();
  const byName = store.db.selectFrom('runs').selectAll().where('dir_name', '=', idOrPrefix.trim());
  const rows = /^[0-9a-f]{1,32}$/.test(wanted) ? await rowsByPrefix(store, wanted) : await byName.execute();
  if (rows.length === 0) throw await notFound(store, idOrPrefix);
  if (rows.length > 1) throw ambiguous(idOrPrefix, rows);
  return rows[0];
}

function rowsByPrefix(store: Store, prefix: string): Promise<RunRow[]> {
  // `g` follows the last hex digit, so this is the range of the prefix, found by the index.
  return store.db
    .selectFrom('runs')
    .selectAll()
    .where('run_id', '>=', prefix)
    .where('run_id', '<', `${prefix}g`)
    .orderBy('run_id')
    .limit(NAMED + 1)
    .execute();
}

async function notFound(store: Store, given: string): Promise<RiskopsError> {
  const any = await store.db.selectFrom('runs').select('run_id').limit(1).executeTakeFirst();
  return any === undefined
    ? noRun()
    : new RiskopsError('RUN_NOT_FOUND', {
        what: `no run "${printable(given, 64)}"`,
        why: 'no run id begins like this',
      });
}

/** @returns the error for a store, or a filter, without a run */
export function noRun(filter = ''): RiskopsError {
  return new RiskopsError('RUN_NOT_FOUND', {
    what: `there is no run${filter} yet`,
    why: 'none is recorded in this store',
    fix: 'riskops train',
  });
}

function ambiguous(given: string, rows: RunRow[]): RiskopsError {
  const ids = rows.slice(0, NAMED).map((row) => row.run_id);
  return new RiskopsError('RUN_AMBIGUOUS', {
    what: `"${printable(given, 64)}" could be more than one run`,
    why: `${rows.length > NAMED ? `more than ${NAMED}` : rows.length} ids begin like this: ${ids.slice(0, 3).join(', ')}${rows.length > 3 ? ', ...' : ''}`,
    fix: 'give more digits; riskops runs list shows the ids',
    details: { run_ids: ids },
  });
}
