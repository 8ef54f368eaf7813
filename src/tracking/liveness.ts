import type { RunsTable } from '../storage/database/schema.js';
import { processStarted, thisMachine } from './process-identity.js';

/** What a reader sees: LOST is a run that reads RUNNING in the database and whose process is gone. */
export type RunStatus = RunsTable['status'] | 'LOST';

export const RUN_STATUSES: readonly RunStatus[] = ['RUNNING', 'FINISHED', 'FAILED', 'KILLED', 'LOST'];

/** How often a run says that it lives. */
export const HEARTBEAT_MS = 10_000;
/** How old a heartbeat may be where it is all there is to go by. */
const SILENCE_MS = 60_000;
/** The same for a run without a process: each command that logs to it is a heartbeat. */
const SHELL_SILENCE_MS = 24 * 3_600_000;

type Life = Pick<RunsTable, 'status' | 'host' | 'pid' | 'boot_id' | 'process_started' | 'heartbeat_at'>;

/** The status of a run by the truth of its process; nothing is written. */
export function readStatus(run: Life, now = Date.now()): RunStatus {
  if (run.status !== 'RUNNING') return run.status;
  return isAlive(run, now) ? 'RUNNING' : 'LOST';
}

/** On this machine the process itself is asked: a heartbeat may be late for as long as training holds the thread. */
function isAlive(run: Life, now: number): boolean {
  const silentFor = now - Date.parse(run.heartbeat_at);
  if (run.pid === 0) return silentFor <= SHELL_SILENCE_MS;
  const { host, bootId } = thisMachine();
  const heardOf = silentFor <= SILENCE_MS;
  if (run.host !== host) return heardOf;
  if (run.boot_id !== bootId) return false;
  const started = processStarted(run.pid);
  if (started === undefined) return false;
  if (started === '' || run.process_started === '') return heardOf;
  return started === run.process_started;
}
