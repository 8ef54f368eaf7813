import { verifyChain } from '../../registry/audit.js';
import { pointerState, projectPointer } from '../../registry/current.js';
import { checkPlainFile, readPointer } from '../../registry/pointer-file.js';
import type { DoctorCheck } from './check.js';

/** current.json against the database, which is the truth. */
export const currentPointer: DoctorCheck = {
  name: 'pointer',
  async run({ places, store, fix }) {
    checkPlainFile(places.currentModel);
    if (!store) {
      readPointer(places.currentModel);
      return [];
    }
    // A history that was tampered with is no truth to write from.
    const trusted = fix && (await verifyChain(store)).ok;
    if (trusted && (await projectPointer(store)))
      return [{ severity: 'fixed', message: 'current.json was written anew from the database.' }];
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
