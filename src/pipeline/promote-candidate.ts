import { RiskopsError } from '../errors.js';
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
 * promote; the verdict goes on record either way. The policy that judged it says how many must have approved.
 * @throws APPROVAL_MISSING, CURRENT_CHANGED and as `promoteVersion`; OPTION_INVALID when the judgement was not recorded
 */
export async function promoteCandidate(
  store: Store,
  { judged, actor, reason }: PromoteRequest,
): Promise<PromotionRecord> {
  const { version, report, reportSha256, expectedCurrent } = judged;
  if (reportSha256 === null)
    throw new RiskopsError('OPTION_INVALID', {
      what: `Version ${version.version} of ${version.model} was judged without a record.`,
      why: 'A promotion names the report that it rests on.',
      fix: `riskops promote --version ${version.version}`,
    });
  return promoteVersion(store, {
    model: version.model,
    version: version.version,
    expectedCurrent,
    actor,
    reason,
    verdict: report.verdict,
    gateReportSha256: reportSha256,
    approvals: report.policy.approvals,
  });
}
