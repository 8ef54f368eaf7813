import { copyFileSync, existsSync } from 'node:fs';
import { verifyChain } from '../../registry/audit.js';
import { pointerState, projectPointer } from '../../registry/current.js';
import { checkPlainFile, readPointer } from '../../registry/pointer-file.js';
import type { Store } from '../../storage/store.js';
import { printable } from '../../util/text.js';
import { type DoctorCheck, type Finding, TOLD } from './check.js';
import { bringBackOwn, modelsUnknown } from './own-store.js';

/** current.json against the database, which is the truth; but not about models that it knows nothing of. */
export const currentPointer: DoctorCheck = {
  name: 'pointer',
  async run({ places, store, fix }) {
    checkPlainFile(places.currentModel);
    if (!store) {
      readPointer(places.currentModel);
      return [];
    }
    const unknown = await unknownModels(store);
    if (unknown.length > 0) return [wouldLose(store, unknown)];
    // A history that was tampered with is no truth to write from.
    const trusted = fix && (await verifyChain(store)).ok;
    if (trusted) {
      const fixed = await writeAnew(store);
      if (fixed !== null) return [fixed];
    }
    const { state, differences } = await pointerState(store);
    if (state === 'same') return [{ severity: 'ok', message: 'current.json says what the database says.' }];
    return [
      {
        severity: 'error',
        message: `current.json differs from the database: ${differences.join('; ')}.`,
        remedy: fix && !trusted ? 'riskops audit verify' : 'riskops doctor --fix',
        path: places.currentModel,
      },
    ];
  },
};

/** None for a file that cannot be read: nothing in it can be lost. */
async function unknownModels(store: Store): Promise<string[]> {
  // A promotion that is under way is on record before the file names it, so one look is enough.
  return modelsUnknown(store).catch(() => []);
}

function wouldLose({ places }: Store, unknown: readonly string[]): Omit<Finding, 'check'> {
  const names = unknown.slice(0, TOLD).map((name) => printable(name, 80));
  return {
    severity: 'error',
    message: `current.json serves ${names.join(', ')}, of which this database knows nothing, so the file is not written anew from it.`,
    remedy: bringBackOwn(places),
    path: places.currentModel,
  };
}

/** What was written over stays beside it: it may be the last that is known of what was served. */
async function writeAnew(store: Store): Promise<Omit<Finding, 'check'> | null> {
  const path = store.places.currentModel;
  const { state } = await pointerState(store);
  if (state === 'same') return null;
  const kept = `${path}.before-fix-${new Date().toISOString().replace(/[-:.]/g, '')}`;
  const isKept = existsSync(path);
  if (isKept) copyFileSync(path, kept);
  await projectPointer(store);
  return {
    severity: 'fixed',
    message: `current.json was written anew from the database.${isKept ? ` The one before: ${kept}` : ''}`,
  };
}
