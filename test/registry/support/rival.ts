import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { RiskopsError } from '../../../src/errors.js';
import { judgeVersion } from '../../../src/pipeline/judge.js';
import { promoteCandidate } from '../../../src/pipeline/promote-candidate.js';
import { getVersion } from '../../../src/registry/versions.js';
import { openStore } from '../../../src/storage/open-store.js';
import type { StorePlaces } from '../../../src/storage/store.js';

/** What the process is told, as JSON in its first argument. */
export interface RivalTask {
  places: StorePlaces;
  root: string;
  model: string;
  version: number;
}

/** Judges a version, waits for a line, and promotes it as it was judged; when current has changed, it judges again. */
const { places, root, model, version } = JSON.parse(process.argv[2]) as RivalTask;
const store = await openStore(places, { mode: 'write' });
const say = (text: string) => writeSync(1, `${text}\n`);
for (let round = 0; ; round++) {
  const judged = await judgeVersion(store, await getVersion(store, model, version), { root });
  say(`${judged.report.verdict} against ${judged.expectedCurrent}`);
  if (round === 0) await once(process.stdin, 'data');
  if (judged.report.verdict !== 'promote') break;
  try {
    await promoteCandidate(store, { judged, actor: `rival ${version}`, reason: 'better' });
    say('promoted');
    break;
  } catch (error) {
    if (!(error instanceof RiskopsError) || error.code !== 'CURRENT_CHANGED') throw error;
    say(error.code);
  }
}
await store.close();
process.stdin.destroy();
