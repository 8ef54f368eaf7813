import { RiskopsError } from '../errors.js';
import type { BlobInfo } from '../storage/blobs/blob-store.js';
import type { Store } from '../storage/store.js';
import { findRun } from './find-run.js';
import { writeManifest } from './manifest.js';
import { runKeys } from './run-names.js';
import { checkName } from './run-values.js';

/**
 * Keeps `content` as the file `path` of a run: first on disk, then on record with its SHA-256. The same path again
 * replaces it. A run that has ended gets its manifest anew.
 * @param path POSIX path below the run's folder
 * @throws ARTIFACT_KEY_INVALID, RUN_NOT_FOUND, RUN_AMBIGUOUS, STORE_IO
 */
export async function addArtifact(
  store: Store,
  idOrPrefix: string,
  path: string,
  content: string | Uint8Array,
  kind: string,
): Promise<BlobInfo> {
  checkName('kind', kind);
  if (path === 'manifest.json') {
    throw new RiskopsError('ARTIFACT_KEY_INVALID', {
      what: 'an artifact cannot be named manifest.json',
      why: "riskops itself keeps the run's manifest there",
    });
  }
  const run = await findRun(store, idOrPrefix);
  // The folder's name is a part of the key, so a path that climbs out of it is refused with the key.
  const info = await store.blobs.put(`${runKeys.folder(run.dir_name)}/${path}`, content);
  const row = {
    kind,
    sha256: info.sha256,
    bytes: info.bytes,
    created_at: new Date().toISOString(),
    blob: info.key,
  };
  await store.write((transaction) =>
    transaction
      .insertInto('artifacts')
      .values({ run_id: run.run_id, path, ...row })
      .onConflict((conflict) => conflict.columns(['run_id', 'path']).doUpdateSet(row))
      .execute(),
  );
  if (run.status !== 'RUNNING') await writeManifest(store, run.run_id);
  return info;
}
