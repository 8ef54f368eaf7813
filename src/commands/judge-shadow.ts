import type { Project } from '../config.js';
import { shadowEvidence } from '../monitoring/shadow-report.js';
import { readMoment } from '../monitoring/time-range.js';
import type { JudgedVersion } from '../pipeline/judge.js';
import { judgeLive } from '../pipeline/judge-live.js';
import { findVersion, type VersionRecord } from '../registry/versions.js';
import type { Store } from '../storage/store.js';

/** How far back the evidence reaches when `--since` is not given. */
export const EVIDENCE_SINCE = '7d';

const plural = (count: number, one: string) =>
  `${count.toLocaleString('en-US')} ${one}${count === 1 ? '' : 's'}`;

/**
 * Judges a version on what it answered as a shadow beside the current one, where the outcomes are known.
 * @throws RiskopsError NO_CURRENT_MODEL, OPTION_INVALID for a version that predicts something else, and as `judgeLive` does
 */
export async function judgeByShadow(
  store: Store,
  project: Project,
  version: VersionRecord,
  since = EVIDENCE_SINCE,
): Promise<JudgedVersion> {
  const { model } = version;
  const current = await findVersion(store, model, { version: 'current' });
  const from = readMoment(since, '--since');
  const entity = project.get<string[]>('entity', {}, model);
  const found = await shadowEvidence(store, { model, version, against: current, from, entity });
  const { counts, paired, misfits, rows, ids } = found;
  const withoutOutcome = paired - rows.target.length;
  const text = [
    `${plural(paired, 'request')} that v${version.version} and v${current.version} both answered since ${from}`,
    `${plural(withoutOutcome, 'answer')} without an outcome`,
    `${plural(counts.without_shadow, 'request')} without an answer of the shadow`,
  ].join('; ');
  return judgeLive(
    store,
    { version, current },
    {
      ...{ ...rows, ids },
      facts: {
        ...{ evidence: 'shadow', evidence_text: text, from, to: counts.last, paired, misfits },
        ...{ without_outcome: withoutOutcome, without_shadow: counts.without_shadow },
      },
    },
    { policy: project.policyOf(model) },
  );
}
