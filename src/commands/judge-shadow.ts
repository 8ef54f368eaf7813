import type { Project } from '../config.js';
import { shadowEvidence } from '../monitoring/shadow-report.js';
import { readRange } from '../monitoring/time-range.js';
import type { JudgedVersion } from '../pipeline/judge.js';
import { judgeLive } from '../pipeline/judge-live.js';
import { trainingReader } from '../pipeline/known-training.js';
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
  const { from } = readRange({ since }, (key) => `--${key}`);
  const entity = project.get<string[]>('entity', {}, model);
  const trainingOf = trainingReader(store, project.root);
  const asked = { model, version, against: current, from, entity, trainingOf };
  const { counts, paired, misfits, rows, learned, ids } = await shadowEvidence(store, asked);
  const withoutOutcome = paired - rows.target.length;
  const text = [
    `${plural(paired, 'request')} that v${version.version} and v${current.version} both answered since ${from}`,
    `${plural(withoutOutcome, 'answer')} without an outcome`,
    `${plural(counts.without_shadow, 'request')} without an answer of the shadow, from its first to its last`,
  ].join('; ');
  return judgeLive(
    store,
    { version, current },
    {
      ...{ ...rows, learned, ids },
      facts: {
        ...{ evidence: 'shadow', evidence_text: text, from, to: counts.last, paired, misfits },
        ...{ without_outcome: withoutOutcome, without_shadow: counts.without_shadow },
        learned,
      },
    },
    { policy: project.policyOf(model) },
  );
}
