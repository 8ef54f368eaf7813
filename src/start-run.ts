import { openProject } from './config.js';
import { openStore } from './storage/open-store.js';
import type { Store, StorePlaces } from './storage/store.js';
import { isAway } from './tracking/away.js';
import { replaySpools } from './tracking/replay-spool.js';
import { startRun as beginRun, type Run, type StartRunOptions, startRunAway } from './tracking/runs.js';

/** What the run of a program may be begun with, besides what every run may. */
export interface StartProjectRunOptions extends StartRunOptions {
  /** The project's folder, instead of the nearest config upwards. */
  dir?: string;
  /** Told in one line when the store is away and the run goes on in a spool file; a warning of the process. */
  onWarning?: (text: string) => void;
}

/**
 * Begins a run of this process in the project's store, which is made when there is none, or in a store that is open.
 * The run ends with the process if nobody ended it before: an uncaught error or an exit makes it FAILED, SIGINT and SIGTERM
 * make it KILLED, and the process goes the way it would have gone. While the store is away the run goes on in a spool
 * file, which the next writer brings in.
 * @throws CONFIG_INVALID, OPTION_INVALID, VALUE_TOO_LONG, RUN_VALUE_INVALID, RUN_NOT_FOUND and RUN_AMBIGUOUS (parent, resume),
 *   RUN_IS_RUNNING (resume); the store's own error only where nothing can be done without it, or no spool can be written
 */
export function startRun(options?: StartProjectRunOptions): Promise<Run>;
export function startRun(store: Store, options?: Omit<StartProjectRunOptions, 'dir'>): Promise<Run>;
export async function startRun(
  first: Store | StartProjectRunOptions = {},
  second: StartProjectRunOptions = {},
): Promise<Run> {
  if (isStore(first)) return startIn(first, first.places, second, false);
  const { places } = await openProject({ dir: first.dir });
  let store: Store;
  try {
    store = await openStore(places, { mode: 'write' });
  } catch (error) {
    if (!isAway(error)) throw error;
    return startRunAway(error, first, keepingOf(places, first));
  }
  try {
    return await startIn(store, places, first, true);
  } catch (error) {
    await store.close();
    throw error;
  }
}

const isStore = (given: Store | StartProjectRunOptions): given is Store => 'insertMetrics' in given;

async function startIn(
  store: Store,
  places: StorePlaces,
  options: StartProjectRunOptions,
  ownsStore: boolean,
): Promise<Run> {
  const keeping = keepingOf(places, options);
  try {
    await replaySpools(store);
  } catch (error) {
    if (!isAway(error)) throw error;
  }
  return beginRun(store, options, { ...keeping, ownsStore });
}

function keepingOf(places: StorePlaces, { onWarning = warn }: StartProjectRunOptions) {
  const open = (busyTimeoutMs?: number) => openStore(places, { mode: 'write', busyTimeoutMs });
  return { spool: { places, open, onWarning }, watchProcess: true };
}

function warn(text: string): void {
  process.emitWarning(text, { type: 'RiskopsWarning' });
}
