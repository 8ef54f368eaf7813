import { existsSync } from 'node:fs';
import { openStore } from '../../storage/open-store.js';
import type { Store, StorePlaces } from '../../storage/store.js';
import { doctorChecks } from './all.js';
import type { Finding } from './check.js';
import { findingOf } from './doctor-finding.js';

export interface Diagnosis {
  /** No finding is an error. */
  ok: boolean;
  findings: Finding[];
}

/**
 * Runs every check on the store at `places`. Without `fix` nothing is written. A store that cannot be opened, and a check that
 * crashes, are findings: the other checks still run.
 */
export async function runDoctor({
  places,
  fix = false,
}: {
  places: StorePlaces;
  fix?: boolean;
}): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const store = await tryOpen(places, fix, findings);
  try {
    for (const { name, run } of doctorChecks) {
      try {
        findings.push(...(await run({ places, store, fix })).map((finding) => ({ check: name, ...finding })));
      } catch (error) {
        findings.push({ check: name, ...findingOf(error) });
      }
    }
  } finally {
    await store?.close();
  }
  return { ok: findings.every((finding) => finding.severity !== 'error'), findings };
}

async function tryOpen(places: StorePlaces, fix: boolean, findings: Finding[]): Promise<Store | null> {
  if (!existsSync(places.database)) return null;
  try {
    return await openStore(places, { mode: fix ? 'write' : 'read' });
  } catch (error) {
    findings.push({ check: 'database', ...findingOf(error), path: places.database });
    return null;
  }
}
