import { RiskopsError } from '../errors.js';

const short = (runId: string) => runId.slice(0, 8);

/** The error for writing to a run that is over. */
export function endedRun(runId: string, status?: string): RiskopsError {
  return new RiskopsError('RUN_ENDED', {
    what: `run ${short(runId)} has ended`,
    why: status === undefined ? 'nothing more can be written to it' : `it is ${status}`,
    fix: `riskops runs start --resume ${short(runId)}`,
    details: { run_id: runId, status },
  });
}

/** The error for taking over a run that lives. */
export function runningRun({
  run_id,
  pid,
  host,
}: {
  run_id: string;
  pid: number;
  host: string;
}): RiskopsError {
  return new RiskopsError('RUN_IS_RUNNING', {
    what: `run ${short(run_id)} is running`,
    why: pid === process.pid ? 'this process has it open' : `process ${pid} on ${host} has it open`,
    fix: `wait for its end, or stop that process; riskops runs show ${short(run_id)} shows it`,
    details: { run_id, pid, host },
  });
}
