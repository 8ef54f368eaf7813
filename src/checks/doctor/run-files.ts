import { checkPointers, rebuildPointers } from '../../tracking/manifest.js';
import type { DoctorCheck } from './check.js';

/** Manifests and pointer files of runs against the database. */
export const runFiles: DoctorCheck = {
  name: 'runs',
  async run({ store, fix }) {
    if (!store) return [];
    if (fix) await rebuildPointers(store);
    const stale = await checkPointers(store);
    if (stale.length === 0)
      return [{ severity: 'ok', message: 'The manifests and pointers of runs are whole.' }];
    return stale.map(({ path, why }) => ({
      severity: 'warning',
      message: `${path}: ${why}.`,
      remedy: 'riskops doctor --fix',
      path,
    }));
  },
};
