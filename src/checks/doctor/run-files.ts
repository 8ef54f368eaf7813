import type { Store } from '../../storage/store.js';
import { checkPointers, rebuildPointers, type StaleFile } from '../../tracking/manifest.js';
import { type DoctorCheck, TOLD } from './check.js';

/** Manifests and pointer files of runs against the database. */
export const runFiles: DoctorCheck = {
  name: 'runs',
  async run({ store, fix }) {
    if (!store) return [];
    const stale = await lastingFaults(store);
    const mended = fix && stale.length > 0 ? await rebuildPointers(store) : [];
    const open = fix ? [] : stale;
    return [
      ...(mended.length === 0
        ? []
        : [
            { severity: 'fixed' as const, message: `${mended.length} file(s) about runs were written anew.` },
          ]),
      ...open.slice(0, TOLD).map(({ path, why }) => ({
        severity: 'warning' as const,
        message: `${path}: ${why}.`,
        remedy: 'riskops doctor --fix',
        path,
      })),
      ...(open.length <= TOLD
        ? []
        : [{ severity: 'warning' as const, message: `${open.length - TOLD} more files like these.` }]),
      ...(mended.length + open.length === 0
        ? [{ severity: 'ok' as const, message: 'The manifests and pointers of runs are whole.' }]
        : []),
    ];
  },
};

const BETWEEN_LOOKS_MS = 200;

/** A run that goes on at this moment is written to the database first and to its files then: what it leaves behind for a moment is no fault. */
async function lastingFaults(store: Store): Promise<StaleFile[]> {
  const first = await checkPointers(store);
  if (first.length === 0) return first;
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  const second = await checkPointers(store);
  return second.filter(({ path }) => first.some((before) => before.path === path));
}
