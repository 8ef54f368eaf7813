import { type PromotionRecord, promoteVersion } from '../registry/promote.js';
import type { Store } from '../storage/store.js';
import type { JudgedVersion } from './judge.js';

export interface PromoteRequest {
  judged: JudgedVersion;
  actor: string;
  reason: string;
}

/**
 * Makes a judged version current, if what it was judged against still is. The caller decides what to do with a verdict other than
 * promote; the verdict goes on record either way.
 */
export function promoteCandidate(
  store: Store,
  { judged, actor, reason }: PromoteRequest,
): Promise<PromotionRecord> {
  const { version, report, reportSha256, expectedCurrent } = judged;
  return promoteVersion(store, {
    model: version.model,
    version: version.version,
    expectedCurrent,
    actor,
    reason,
    verdict: report.verdict,
    gateReportSha256: reportSha256,
  });
}
