import { verifyAudit } from '../../registry/verify-audit.js';
import type { Store } from '../../storage/store.js';
import type { CiOutcome } from './ci-result.js';

/** The hash chain over all promotions, rollbacks and approvals. */
export async function checkAuditChain(store: Store): Promise<CiOutcome> {
  const { ok, broken } = await verifyAudit(store);
  if (ok) return { status: 'pass', message: 'the history of promotions is unbroken' };
  return {
    status: 'fail',
    code: 'CHECK_FAILED',
    message: `the history of promotions is broken${broken?.sequence ? ` at entry ${broken.sequence}` : ''}: ${broken?.why}.`,
  };
}
