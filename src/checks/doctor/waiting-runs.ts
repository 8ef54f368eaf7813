import { readdirSync } from 'node:fs';
import { replaySpools } from '../../tracking/replay-spool.js';
import { SPOOL_NAME, spoolFolders } from '../../tracking/spool.js';
import type { DoctorCheck } from './check.js';

/** Files of runs that could not reach the store when they logged. */
export const waitingRuns: DoctorCheck = {
  name: 'waiting runs',
  async run({ places, store, fix }) {
    if (store && fix) await replaySpools(store);
    const files = spoolFolders(places).flatMap((folder) =>
      namesIn(folder)
        .filter((name) => SPOOL_NAME.test(name))
        .map((name) => ({ folder, name })),
    );
    if (files.length === 0) return [];
    return [
      {
        severity: 'warning',
        message: `${files.length} file(s) hold what runs logged while the store could not be reached.`,
        remedy: 'the next command that writes, such as riskops doctor --fix, brings them in',
        path: files[0].folder,
      },
    ];
  },
};

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
