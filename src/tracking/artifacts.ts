import type { Transaction } from 'kysely';
import { RiskopsError } from '../errors.js';
import type { BlobContent, BlobInfo } from '../storage/blobs/blob-store.js';
import { checkKey } from '../storage/blobs/keys.js';
import type { Database } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { printable } from '../util/text.js';
import { filesOfFolder } from './artifact-folder.js';
import { findRun } from './find-run.js';
import { writeManifest } from './manifest.js';
import { recordArtifact } from './record-artifact.js';
import { checkName } from './run-values.js';

/** Content may be collected between its writing and its row, as garbage that nobody names; so often it is written again. */
const ATTEMPTS = 10;

/**
 * Keeps `content` as the file `path` of a run: first on disk, then on record with its SHA-256. The same path again
 * replaces it, until a version of the run is on record. A run that has ended gets its manifest anew.
 * @param path POSIX path below the run
 * @throws ARTIFACT_KEY_INVALID, ARTIFACT_REFUSED, ARTIFACT_IMMUTABLE, RUN_NOT_FOUND, RUN_AMBIGUOUS, STORE_IO
 */
export async function addArtifact(
  store: Store,
  idOrPrefix: string,
  path: string,
  content: BlobContent,
  kind: string,
): Promise<BlobInfo> {
  const [info] = await addArtifacts(store, idOrPrefix, [{ path, content }], kind);
  return info;
}

/**
 * Keeps the plain files of a folder as artifacts below `path`: all of them or, when one is refused, none.
 * @throws as `addArtifact`; ARTIFACT_REFUSED names the entry that is a link, a device or the like
 */
export async function addFolder(
  store: Store,
  idOrPrefix: string,
  path: string,
  folder: string,
  kind: string,
): Promise<BlobInfo[]> {
  checkArtifactPath(path);
  const files = await filesOfFolder(folder);
  const named = files.map(({ name, file }) => ({ path: `${path}/${name}`, content: { file } }));
  return addArtifacts(store, idOrPrefix, named, kind);
}

interface NamedContent {
  path: string;
  content: BlobContent;
}

async function addArtifacts(
  store: Store,
  idOrPrefix: string,
  contents: NamedContent[],
  kind: string,
): Promise<BlobInfo[]> {
  checkName('kind', kind);
  for (const { path } of contents) checkArtifactPath(path);
  const run = await findRun(store, idOrPrefix);
  const infos = await keepAndRecord(store, contents, (transaction, { path }, info) =>
    recordArtifact(store, transaction, run.run_id, { ...info, path, kind }),
  );
  if (run.status !== 'RUNNING') await writeManifest(store, run.run_id);
  return infos;
}

/** Content first, then all rows in one transaction; what was collected in between is written once more. */
async function keepAndRecord(
  store: Store,
  contents: NamedContent[],
  record: (transaction: Transaction<Database>, named: NamedContent, info: BlobInfo) => Promise<boolean>,
): Promise<BlobInfo[]> {
  for (let left = ATTEMPTS; left > 0; left--) {
    const infos: BlobInfo[] = [];
    for (const { content } of contents) infos.push(await store.blobs.add(content));
    try {
      await store.write(async (transaction) => {
        for (const [i, info] of infos.entries())
          if (!(await record(transaction, contents[i], info))) throw new ContentGone();
      });
      return infos;
    } catch (error) {
      if (!(error instanceof ContentGone)) throw error;
    }
  }
  throw new RiskopsError('STORE_IO', {
    what: 'an artifact vanished from the artifacts folder as often as it was written',
    why: 'another program removes files there',
    fix: 'riskops config --origin, which shows the artifacts folder',
  });
}

/** Rolls the transaction back. */
class ContentGone extends Error {}

/** @throws ARTIFACT_KEY_INVALID when `path` cannot be that of an artifact */
export function checkArtifactPath(path: string): void {
  checkKey(path);
  if (path !== 'manifest.json') return;
  throw new RiskopsError('ARTIFACT_KEY_INVALID', {
    what: `an artifact cannot be named ${printable(path)}`,
    why: "riskops itself keeps the run's manifest under this name",
  });
}
