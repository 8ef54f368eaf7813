import { RiskopsError } from '../../errors.js';
import { judgeVersion } from '../../pipeline/judge.js';
import { describeGate } from '../../registry/gate-report.js';
import { latestCandidate } from '../../registry/versions.js';
import type { Store } from '../../storage/store.js';
import type { CiProject } from './ci-project.js';
import { type CiOutcome, outcomeOf } from './ci-result.js';

const NOTHING_TO_JUDGE = ['NO_CANDIDATE', 'MODEL_NOT_FOUND'];

/** The gate on the newest candidate of a model. It reads: no report is kept and no ledger written. */
export async function checkCandidate(project: CiProject, store: Store, model: string): Promise<CiOutcome> {
  const undecided = project.undecidedFails ? 'fail' : 'undecided';
  try {
    const version = await latestCandidate(store, model);
    const policy = project.policyOf(model);
    const { report } = await judgeVersion(store, version, { root: project.root, policy, record: false });
    const [head, ...lines] = describeGate(report);
    const status = { promote: 'pass', reject: 'fail', undecided } as const;
    const code = ({ promote: undefined, reject: 'GATE_REJECTED', undecided: 'GATE_UNDECIDED' } as const)[
      report.verdict
    ];
    return { status: status[report.verdict], code, message: head, lines };
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    if (NOTHING_TO_JUDGE.includes(error.code)) return { status: 'skip', message: error.message };
    // Data that has changed since the training says nothing against the candidate.
    if (error.code === 'HOLDOUT_UNAVAILABLE') return { ...outcomeOf(error), status: undecided };
    throw error;
  }
}
