import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { BlobInfo } from '../storage/blobs/blob-store.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { goneRun, trashedRun } from './trash-errors.js';

export interface ArtifactToRecord extends BlobInfo {
  path: string;
  kind: string;
}

/**
 * Puts content that is in the blob store on record as an artifact of a run. Garbage is collected under the same write
 * lock, so content that is there now stays there once this is committed.
 * @returns false when the content is not there any more: roll back, add it again and record it then
 * @throws RUN_NOT_FOUND when the run was deleted meanwhile, ARTIFACT_IMMUTABLE, ARTIFACT_KEY_INVALID
 */
export async function recordArtifact(
  store: Store,
  transaction: Transaction<Database>,
  runId: string,
  { key, bytes, sha256, path, kind }: ArtifactToRecord,
): Promise<boolean> {
  await checkRun(transaction, runId);
  if (store.blobs.size(key) !== bytes) return false;
  const found = await transaction
    .selectFrom('artifacts')
    .select('sha256')
    .where('run_id', '=', runId)
    .where('path', '=', path)
    .executeTakeFirst();
  if (found === undefined) await checkIsNoFolder(transaction, runId, path);
  else if (found.sha256 !== sha256) await checkMayChange(transaction, runId, path);
  const row = { kind, sha256, bytes, created_at: new Date().toISOString(), blob: key };
  // The same bytes again: only where they lie is new, as when the file of an older store was lost.
  const change = found?.sha256 === sha256 ? { blob: key } : row;
  await transaction
    .insertInto('artifacts')
    .values({ run_id: runId, path, ...row })
    .onConflict((conflict) => conflict.columns(['run_id', 'path']).doUpdateSet(change))
    .execute();
  return true;
}

async function checkRun(transaction: Transaction<Database>, runId: string): Promise<void> {
  const run = await transaction
    .selectFrom('runs')
    .select('deleted_at')
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (run === undefined) throw goneRun(runId);
  if (run.deleted_at !== null) throw trashedRun(runId, run.deleted_at);
}

/** A version stands on what its run kept: data, split, scores, gate reports. */
async function checkMayChange(
  transaction: Transaction<Database>,
  runId: string,
  path: string,
): Promise<void> {
  const version = await transaction
    .selectFrom('versions')
    .select(['model', 'version'])
    .where('run_id', '=', runId)
    .executeTakeFirst();
  if (version === undefined) return;
  throw new RiskopsError('ARTIFACT_IMMUTABLE', {
    what: `${printable(path)} of run ${runId.slice(0, 8)} cannot be replaced`,
    why: `version ${version.version} of ${version.model} stands on it; new paths can still be added`,
    fix: 'keep it under another path',
    details: { run_id: runId, path, ...version },
  });
}

/** `plots` and `plots/roc.svg` could not lie in one folder when the run is downloaded. */
async function checkIsNoFolder(
  transaction: Transaction<Database>,
  runId: string,
  path: string,
): Promise<void> {
  const parts = path.split('/');
  const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
  const other = await transaction
    .selectFrom('artifacts')
    .select('path')
    .where('run_id', '=', runId)
    .where((e) =>
      e.or([
        // `0` follows `/`: the range of all paths below this one.
        e.and([e('path', '>', `${path}/`), e('path', '<', `${path}0`)]),
        ...(above.length === 0 ? [] : [e('path', 'in', above)]),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new RiskopsError('ARTIFACT_KEY_INVALID', {
    what: `"${printable(path)}" cannot be the path of an artifact of this run`,
    why: `the run keeps "${printable(other.path)}", and one of the two would have to be a file and a folder`,
  });
}
