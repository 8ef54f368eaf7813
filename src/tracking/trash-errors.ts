import { RiskopsError } from '../errors.js';

/** The error for a run that was read a moment ago and is gone now. */
export function goneRun(runId: string): RiskopsError {
  return new RiskopsError('RUN_NOT_FOUND', {
    what: `run ${runId.slice(0, 8)} is not there any more`,
    why: 'it was deleted, and its trash was emptied meanwhile',
    details: { run_id: runId },
  });
}

/** The error for something that a run in the trash cannot be asked to do. */
export function trashedRun(runId: string, deletedAt: string): RiskopsError {
  return new RiskopsError('RUN_NOT_FOUND', {
    what: `run ${runId.slice(0, 8)} is in the trash`,
    why: `it was deleted on ${deletedAt}`,
    fix: `riskops runs restore ${runId.slice(0, 8)}`,
    details: { run_id: runId, deleted_at: deletedAt },
  });
}
