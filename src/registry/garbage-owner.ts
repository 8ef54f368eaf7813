import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { runKeys } from '../tracking/run-names.js';
import { checkPointerIsOurs } from './current.js';

/**
 * Before anything is collected: the artifacts folder belongs to this database. With a database that was mistyped, or put
 * back to an older state, everything in the folder would look like garbage.
 * @throws POINTER_INVALID
 */
export async function checkFilesAreOurs(store: Store): Promise<void> {
  await checkPointerIsOurs(store);
  const latest = await latestOnDisk(store);
  if (latest === undefined) return;
  const run = await store.db
    .selectFrom('runs')
    .select('run_id')
    .where('run_id', '=', latest)
    .executeTakeFirst();
  if (run !== undefined) return;
  throw new RiskopsError('POINTER_INVALID', {
    what: `${runKeys.latest} names a run that this database has no record of; nothing was collected.`,
    why: `The files were written from another database than ${store.places.database}, or that one was put back to an older state.`,
    fix: 'riskops doctor, which says what helps; riskops config --origin shows which database is used',
    details: { database: store.places.database, artifacts: store.places.artifacts, run_id: latest },
  });
}

/** The run that `_latest.json` names; undefined when it is missing or damaged, and will be written anew. */
async function latestOnDisk(store: Store): Promise<string | undefined> {
  try {
    const { run_id } = JSON.parse((await store.blobs.get(runKeys.latest)).toString('utf8')) ?? {};
    return typeof run_id === 'string' ? run_id : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof RiskopsError && error.code.startsWith('ARTIFACT_')) return undefined;
    throw error;
  }
}
