import { existsSync } from 'node:fs';
import { getModel, listModels } from '../../registry/models.js';
import { openStore } from '../../storage/open-store.js';
import type { Store } from '../../storage/store.js';
import type { CiProject } from './ci-project.js';
import type { CiOutcome } from './ci-result.js';

interface Opened {
  store: Store;
  /** The models to look at: those of the config and those on record. */
  models: string[];
  message: string;
}

/** How long a reader waits for somebody who makes or migrates the store. */
const BUSY_MS = 5_000;

/** Opens the project's store to read; without one there is nothing to check yet, which is no failure. */
export async function openToCheck({ places, models, asked }: CiProject): Promise<Opened | CiOutcome> {
  if (!existsSync(places.database))
    return { status: 'skip', message: `nothing was trained here yet: there is no ${places.database}.` };
  const store = await openStore(places, { mode: 'read', busyTimeoutMs: BUSY_MS });
  try {
    const known = (await listModels(store)).map(({ name }) => name);
    if (asked !== undefined && !models.includes(asked)) await getModel(store, asked);
    const wanted = asked === undefined ? [...new Set([...models, ...known])] : [asked];
    return { store, models: wanted, message: `${known.length} model(s) on record, opened to read` };
  } catch (error) {
    await store.close();
    throw error;
  }
}
