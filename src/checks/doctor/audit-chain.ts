import { verifyAudit } from '../../registry/verify-audit.js';
import type { DoctorCheck } from './check.js';

/** The hash chain over promotions, and the gate reports that it names. */
export const auditChain: DoctorCheck = {
  name: 'history',
  async run({ store }) {
    if (!store) return [];
    const { ok, broken } = await verifyAudit(store, { files: false });
    if (ok) return [{ severity: 'ok', message: 'The history of promotions is unbroken.' }];
    return [
      {
        severity: 'error',
        message: `The history of promotions is broken${broken?.sequence ? ` at entry ${broken.sequence}` : ''}: ${broken?.why}.`,
        remedy: 'riskops audit verify',
      },
    ];
  },
};
