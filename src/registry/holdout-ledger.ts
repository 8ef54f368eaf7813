import type { Store } from '../storage/store.js';
import type { HoldoutLedger } from './gate-evidence.js';
import type { GateReport } from './gate-report.js';
import type { VersionRecord } from './versions.js';

/**
 * How often a holdout has judged, counting the judgement of `version` that is about to be made. Judgements that were not
 * recorded (`riskops gate --dry-run`) are not known.
 */
export async function readLedger(
  store: Store,
  holdoutSha256: string,
  { content_sha256 }: VersionRecord,
  now: string,
): Promise<HoldoutLedger> {
  const uses = store.db.selectFrom('holdout_uses').where('holdout_sha256', '=', holdoutSha256);
  const { count, others } = await uses
    .select(({ fn, eb }) => [
      fn.countAll<number>().as('count'),
      fn
        .count<number>(
          eb.case().when('content_sha256', '!=', content_sha256).then(eb.ref('content_sha256')).end(),
        )
        .distinct()
        .as('others'),
    ])
    .executeTakeFirstOrThrow();
  const first = await uses.select('judged_at').orderBy('sequence').limit(1).executeTakeFirst();
  return {
    uses: Number(count) + 1,
    candidates: Number(others) + 1,
    first: first?.judged_at ?? now,
    last: now,
  };
}

export interface HoldoutUse {
  holdoutSha256: string;
  version: VersionRecord;
  report: GateReport;
  reportSha256: string;
  judgedAt: string;
}

/** Appends a judgement to the ledger. */
export async function recordUse(
  store: Store,
  { holdoutSha256, version, report, reportSha256, judgedAt }: HoldoutUse,
): Promise<void> {
  const { current, metric } = report;
  const row = report.comparisons.find(
    (one) => one.against === `current v${current?.version}` && one.metric === metric,
  );
  await store.write((transaction) =>
    transaction
      .insertInto('holdout_uses')
      .values({
        holdout_sha256: holdoutSha256,
        model: version.model,
        version: version.version,
        content_sha256: version.content_sha256,
        metric,
        gain: row && Number.isFinite(row.gain) ? row.gain : null,
        verdict: report.verdict,
        gate_report_sha256: reportSha256,
        judged_at: judgedAt,
      })
      .execute(),
  );
}
