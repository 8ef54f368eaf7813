import { existsSync } from 'node:fs';
import { openStore } from '../../storage/open-store.js';
import type { Store, StorePlaces } from '../../storage/store.js';
import { doctorChecks, soundnessChecks } from './all.js';
import type { DoctorCheck, DoctorContext, Finding } from './check.js';
import { findingOf } from './doctor-finding.js';

export interface Diagnosis {
  /** No finding is an error. */
  ok: boolean;
  findings: Finding[];
}

/**
 * Runs every check on the store at `places`. Without `fix` nothing is written, nor with it while the database itself is
 * not sound. A store that cannot be opened, and a check that crashes, are findings: the other checks still run.
 * @param deep reads every artifact, where otherwise much data is judged by its size alone
 */
export async function runDoctor({
  places,
  fix = false,
  deep = false,
}: {
  places: StorePlaces;
  fix?: boolean;
  deep?: boolean;
}): Promise<Diagnosis> {
  const mends = fix && (await examine(soundnessChecks, { places, fix: false, deep })).ok;
  return examine(doctorChecks, { places, fix: mends, deep });
}

async function examine(
  checks: readonly DoctorCheck[],
  { places, fix, deep }: Omit<DoctorContext, 'store'>,
): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const store = await tryOpen(places, fix, findings);
  try {
    for (const { name, run } of checks) {
      try {
        const found = await run({ places, store, fix, deep });
        findings.push(...found.map((finding) => ({ check: name, ...finding })));
      } catch (error) {
        findings.push({ check: name, ...findingOf(error, places) });
      }
    }
  } finally {
    await store?.close();
  }
  return { ok: findings.every((finding) => finding.severity !== 'error'), findings };
}

/** Opening to write brings an older store up to date, and a pointer that a crash left behind. */
async function tryOpen(places: StorePlaces, fix: boolean, findings: Finding[]): Promise<Store | null> {
  if (!existsSync(places.database)) return null;
  try {
    return await openStore(places, { mode: fix ? 'write' : 'read', create: false });
  } catch (error) {
    findings.push({ check: 'database', ...findingOf(error, places), path: places.database });
    return null;
  }
}
