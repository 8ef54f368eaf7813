import { localBlobs } from './blobs/local.js';
import { openSqlite } from './database/sqlite-open.js';
import type { OpenOptions, Store, StorePlaces } from './store.js';

/**
 * Opens the store at `places`. Mode `write` makes what is missing, unless `create` is false, and migrates an older store (with a
 * backup beside it); mode `read` changes nothing. Any number of processes may do either at once.
 * @throws STORE_NOT_FOUND (where none is made), STORE_DAMAGED, STORE_VERSION, STORE_BUSY, STORE_IO, CONFIG_INVALID
 */
export async function openStore(places: StorePlaces, options: OpenOptions): Promise<Store> {
  const { mode, create = true, busyTimeoutMs = 30_000 } = options;
  const database = await openSqlite(places.database, { mode, create, busyTimeoutMs });
  return { places, mode, blobs: localBlobs(places.artifacts, mode), ...database };
}
