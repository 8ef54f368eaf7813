import { writeSync } from 'node:fs';
import { RiskopsError } from '../../../src/errors.js';
import { getModel } from '../../../src/registry/models.js';
import { promoteVersion } from '../../../src/registry/promote.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { StorePlaces } from '../../../src/storage/store.js';

/** What the process is told, as JSON in its first argument. */
export interface PromoterTask {
  places: StorePlaces;
  model: string;
  /** It promotes these in turn, each one judged against what is current at that time. */
  versions: number[];
  /** Promotions to do; without it the process goes on until it is killed. */
  count: number;
  actor: string;
}

const { places, model, versions, count, actor } = JSON.parse(process.argv[2]) as PromoterTask;
const store = await openStore(places, { mode: 'write' });
for (let done = 0, turn = 0; done < count; turn++) {
  const { current } = await getModel(store, model);
  const version = versions[turn % versions.length];
  if (current?.version === version) continue;
  const expectedCurrent = current?.version ?? null;
  try {
    const record = await promoteVersion(store, {
      model,
      version,
      expectedCurrent,
      actor,
      reason: `turn ${turn}`,
      verdict: 'promote',
      gateReportSha256: null,
    });
    if (!record.changed) continue;
    // Acknowledged: whatever happens to this process now, the promotion must be there.
    writeSync(1, `${record.promotion_id}\n`);
    done++;
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'CURRENT_CHANGED') throw error;
    writeSync(1, 'CURRENT_CHANGED\n');
  }
}
await store.close();
