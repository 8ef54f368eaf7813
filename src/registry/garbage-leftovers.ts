import type { BlobEntry } from '../storage/blobs/blob-store.js';
import { BLOBS, isContentKey } from '../storage/blobs/keys.js';
import type { Store } from '../storage/store.js';
import { runKeys } from '../tracking/run-names.js';
import { namedKeys } from './garbage-files.js';

/** Files that nothing refers to, of one kind. */
export interface LeftoverGroup {
  what:
    | 'unfinished files'
    | 'contents that no run keeps'
    | 'model files of no version'
    | 'files of runs that are gone';
  entries: BlobEntry[];
}

export interface LeftoverAges {
  /** Content is written before its row: what is younger may get one yet. Milliseconds since 1970. */
  contentBefore: number;
  /** The same for what has no second look under the write lock: a writer may still be at it. */
  otherBefore: number;
}

const CHUNK = 500;
const MODEL_FILE = /^models\/[^/]+\/candidates\/[^/]+$/;
const RUN_FOLDER = /^\d{8}_\d{6}_/;

/** What killed processes, replaced artifacts and interrupted collections left in the artifacts folder, group by group. */
export async function* findLeftovers(
  store: Store,
  { contentBefore, otherBefore }: LeftoverAges,
): AsyncGenerator<LeftoverGroup> {
  const unfinished = olderThan(otherBefore, await store.blobs.listUnfinished());
  if (unfinished.length > 0) yield { what: 'unfinished files', entries: unfinished };

  // Folder by folder: content may be more than a list should hold.
  for (let i = 0; i < 256; i++) {
    const folder = `${BLOBS}/${i.toString(16).padStart(2, '0')}`;
    const contents = olderThan(contentBefore, await store.blobs.list(folder));
    const entries = await unnamed(
      store,
      contents.filter(({ key }) => isContentKey(key)),
    );
    if (entries.length > 0) yield { what: 'contents that no run keeps', entries };
  }

  const models = olderThan(otherBefore, await store.blobs.list('models'));
  const files = await unnamed(
    store,
    models.filter(({ key }) => MODEL_FILE.test(key)),
  );
  if (files.length > 0) yield { what: 'model files of no version', entries: files };

  const gone = await filesOfGoneRuns(store, olderThan(otherBefore, await store.blobs.list('runs')));
  if (gone.length > 0) yield { what: 'files of runs that are gone', entries: gone };
}

const olderThan = (before: number, entries: BlobEntry[]) =>
  entries.filter(({ touchedMs }) => touchedMs <= before);

async function unnamed(store: Store, entries: BlobEntry[]): Promise<BlobEntry[]> {
  const found: BlobEntry[] = [];
  for (let at = 0; at < entries.length; at += CHUNK) {
    const chunk = entries.slice(at, at + CHUNK);
    const named = await namedKeys(
      store.db,
      chunk.map(({ key }) => key),
    );
    found.push(...chunk.filter(({ key }) => !named.has(key)));
  }
  return found;
}

/** Of the folders and pointers of runs those whose run is not on record; what else lies there is somebody's own. */
async function filesOfGoneRuns(store: Store, entries: BlobEntry[]): Promise<BlobEntry[]> {
  const runs = await store.db.selectFrom('runs').select(['run_id', 'dir_name']).execute();
  const folders = new Set(runs.map(({ dir_name }) => dir_name));
  const pointers = new Set(runs.map(({ run_id }) => runKeys.byId(run_id)));
  return unnamed(
    store,
    entries.filter(({ key }) => {
      const folder = key.split('/')[1];
      if (folder === '_by_id') return !pointers.has(key);
      return RUN_FOLDER.test(folder) && !folders.has(folder);
    }),
  );
}
