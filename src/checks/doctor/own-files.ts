import type { Store } from '../../storage/store.js';
import { checkPointers } from '../../tracking/manifest.js';
import type { DoctorCheck } from './check.js';
import { bringBack } from './doctor-finding.js';
import { bringBackOwn } from './own-store.js';

/**
 * Whether database and files are of one store. SQLite reads the -wal that lies beside a database without asking whose it is, and the one
 * of another store may hold all of that store: whole, and wrong.
 */
export const ownFiles: DoctorCheck = {
  name: 'belonging',
  async run({ places, store }) {
    if (!store) return [];
    const unknown = await unknownRuns(store);
    if (unknown.length === 0) return [];
    const runs = await countRuns(store);
    if (runs === 0)
      return [
        {
          severity: 'error',
          message: `The database has no run, and the files of ${unknown.length} are here: it is a new one, or that of another store. Nothing is mended from it.`,
          remedy: bringBackOwn(places),
          path: places.database,
        },
      ];
    if (await knowsNoFile(store, runs))
      return [
        {
          severity: 'error',
          message: `The database knows none of the ${unknown.length} run(s) whose files are here: it is that of another store, or a -wal of another database was put beside it.`,
          remedy: bringBack(places),
          path: places.database,
        },
      ];
    return [
      {
        severity: 'warning',
        message: `${unknown.length} run(s) have files here and no row in the database, such as ${unknown[0]}: an older copy of it was put back, or its -wal was lost.`,
      },
    ];
  },
};

/** Runs that have a pointer file and no row. A row is written before its files and goes after them. */
async function unknownRuns(store: Store): Promise<string[]> {
  const keys = (await store.blobs.list('runs/_by_id')).map((entry) => entry.key);
  const ids = keys.flatMap((key) => /\/([0-9a-f]{32})\.json$/.exec(key)?.[1] ?? []);
  const unknown: string[] = [];
  for (let at = 0; at < ids.length; at += 500) {
    const some = ids.slice(at, at + 500);
    const rows = await store.db.selectFrom('runs').select('run_id').where('run_id', 'in', some).execute();
    const known = new Set(rows.map(({ run_id }) => run_id));
    unknown.push(...some.filter((id) => !known.has(id)));
  }
  return unknown;
}

async function countRuns(store: Store): Promise<number> {
  const { runs } = await store.db
    .selectFrom('runs')
    .select(({ fn }) => fn.countAll<number>().as('runs'))
    .executeTakeFirstOrThrow();
  return runs;
}

/** Whether not one of the runs in the database has its manifest. */
async function knowsNoFile(store: Store, runs: number): Promise<boolean> {
  const stale = await checkPointers(store);
  const missing = stale.filter(({ path, why }) => path.endsWith('/manifest.json') && why === 'it is missing');
  return missing.length >= runs;
}
