import { judgeVersion } from '../../../src/pipeline/judge.js';
import { promoteCandidate } from '../../../src/pipeline/promote-candidate.js';
import { trainModel } from '../../../src/pipeline/train.js';
import { getVersion } from '../../../src/registry/versions.js';
import { openStore } from '../../../src/storage/open-store.js';
import { startShellRun } from '../../../src/tracking/shell-run.js';
import { planFor } from '../../pipeline/plan.js';
import { placesIn } from '../../storage/rows.js';
import { writeLoans } from '../../support/loans.js';

/**
 * A loan book in `folder` and trained versions of it; those in `promoted` were made current one after another. The newest run is
 * one that a script logs to.
 */
export async function makeProject(
  folder: string,
  versions: number,
  promoted: readonly number[],
): Promise<void> {
  writeLoans(folder, 'loans.csv', 400);
  const store = await openStore(placesIn(folder), { mode: 'write' });
  for (let seed = 1; seed <= versions; seed++)
    await trainModel(store, planFor(folder, { seed }), { root: folder });
  for (const version of promoted) {
    const judged = await judgeVersion(store, await getVersion(store, 'loans', version), { root: folder });
    await promoteCandidate(store, { judged, actor: 'test', reason: 'to begin with' });
  }
  await startShellRun(store, { kind: 'script' });
  await store.close();
}
