import { readPointer } from '../../registry/pointer-file.js';
import { StoreWitness } from '../../registry/store-witness.js';
import { listBackups } from '../../storage/backup/backup-files.js';
import { openConnection } from '../../storage/database/sqlite-connection.js';
import type { Store, StorePlaces } from '../../storage/store.js';

/** The newest backups are enough to look at. */
const MOST_BACKUPS = 100;

/**
 * The models that `current.json` serves and that the database knows nothing of: it has neither a current version of them nor a record of
 * the promotion. Written anew from such a database, the file would lose them.
 * @throws POINTER_INVALID, STORE_IO
 */
export async function modelsUnknown({ db, places }: Store): Promise<string[]> {
  const { models = {} } = readPointer(places.currentModel) ?? {};
  const current = await db.selectFrom('current_versions').select('model').execute();
  const known = new Set(current.map(({ model }) => model));
  const unknown: string[] = [];
  for (const [model, { promotion_id }] of Object.entries(models)) {
    if (known.has(model)) continue;
    const row = await db
      .selectFrom('promotions')
      .select('sequence')
      .where('promotion_id', '=', promotion_id)
      .executeTakeFirst();
    if (row === undefined) unknown.push(model);
  }
  return unknown;
}

/** What helps where the database is not the one that the files are of: its newest backup, or to begin anew. */
export function bringBackOwn(places: StorePlaces): string {
  const own = listBackups(places.database)
    .slice(-MOST_BACKUPS)
    .findLast(({ path }) => hasPromotions(path, places));
  if (own !== undefined) return `riskops restore ${own.path}`;
  return `put the right database back, or riskops restore BACKUP; to begin anew, move ${places.currentModel} away, then riskops train and riskops promote --latest`;
}

/** Whether a backup has a record of what `current.json` names: one of a new and empty database would bring nothing back. */
function hasPromotions(backup: string, { currentModel }: StorePlaces): boolean {
  try {
    const raw = openConnection(backup, { readonly: true, fileMustExist: true });
    try {
      const { sql, parameters, judge } = new StoreWitness({ database: backup, currentModel }).question();
      judge(raw.prepare(sql).get(...parameters));
      return true;
    } finally {
      raw.close();
    }
  } catch {
    return false;
  }
}
