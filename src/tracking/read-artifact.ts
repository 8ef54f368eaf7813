import type { Store } from '../storage/store.js';
import { sha256 } from '../util/files.js';

/** An artifact's bytes, or in words why they cannot be had: `it keeps no data.json`. */
export type ArtifactContent = { bytes: Buffer; why: null } | { bytes: null; why: string };

/** Reads a run's artifact and proves it by the SHA-256 on record. What is missing or was changed is told, not thrown. */
export async function readArtifact(store: Store, runId: string, path: string): Promise<ArtifactContent> {
  const row = await store.db
    .selectFrom('artifacts')
    .select(['sha256', 'blob'])
    .where('run_id', '=', runId)
    .where('path', '=', path)
    .executeTakeFirst();
  const without = (why: string): ArtifactContent => ({ bytes: null, why });
  if (row === undefined) return without(`it keeps no ${path}`);
  if (!(await store.blobs.exists(row.blob))) return without(`its ${path} is gone from the artifacts folder`);
  const bytes = await store.blobs.get(row.blob);
  if (sha256(bytes) === row.sha256) return { bytes, why: null };
  return without(`its ${path} was changed since: its SHA-256 is not the one on record`);
}
