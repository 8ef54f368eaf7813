import { openProject } from '../config.js';
import { canonicalName, listModels } from '../registry/models.js';
import { openStore } from '../storage/open-store.js';
import type { Store } from '../storage/store.js';
import { listRuns } from '../tracking/read-runs.js';
import { printable } from '../util/text.js';

/** A person waits for the completion: what takes longer offers nothing, in milliseconds. */
const PATIENCE_MS = 3_000;
const BUSY_MS = 200;
const NEWEST = 50;

export interface Name {
  name: string;
  text: string;
}

/** Names for a shell, while somebody waits: nothing rather than an error, and never long. */
export async function namesFor(what: string, dir: string | undefined): Promise<Name[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Name[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE_MS);
  });
  try {
    return await Promise.race([late, readNames(what, dir)]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

async function readNames(what: string, dir: string | undefined): Promise<Name[]> {
  const { places } = await openProject({ dir });
  const store = await openStore(places, { mode: 'read', busyTimeoutMs: BUSY_MS });
  try {
    return what === 'runs' ? await runNames(store) : what === 'models' ? await modelNames(store) : [];
  } finally {
    await store.close();
  }
}

async function runNames(store: Store): Promise<Name[]> {
  const { items } = await listRuns(store, { limit: NEWEST });
  return items.map(({ run_id, kind, model, created_at }) => ({
    name: run_id.slice(0, 8),
    text: printable([created_at.slice(0, 16), kind, model].filter(Boolean).join(' '), 80),
  }));
}

/** A name that no model can have would be a word of the shell's own. */
async function modelNames(store: Store): Promise<Name[]> {
  const models = (await listModels(store)).filter(({ name }) => canonicalName(name) === name);
  return models.map(({ name, current }) => ({
    name,
    text: current === null ? 'none is current' : `version ${current.version} is current`,
  }));
}
