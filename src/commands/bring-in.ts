import type { Store } from '../storage/store.js';
import { type ReplayedSpool, replaySpools } from '../tracking/replay-spool.js';
import type { Output } from './output.js';

/** Brings in runs that went on in a spool file while the store was away, and says so. */
export async function bringInSpools(store: Store, output: Output): Promise<void> {
  for (const spool of await replaySpools(store))
    if (spool.records + spool.refused > 0) output.talk(describe(spool));
}

function describe({ run_id, path, records, refused }: ReplayedSpool): string {
  const came = `Brought in run ${run_id.slice(0, 8)}: ${records} ${records === 1 ? 'record' : 'records'} that waited in ${path}.`;
  return refused === 0 ? came : `${came} ${refused} could not be taken; they are kept in ${path}.refused.`;
}
