import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { findRun } from './find-run.js';
import { writeManifest } from './manifest.js';
import { describeNewRun, recordNewRun } from './new-run.js';
import { signalOf } from './process-hooks.js';
import { identityOf, type ProcessIdentity } from './process-identity.js';
import { recordResume, takeOver } from './resume-run.js';
import { endedRun } from './run-errors.js';
import type { StartRunOptions } from './run-options.js';
import type { RunRow } from './run-records.js';
import { RunSink } from './run-sink.js';
import { errorText } from './run-values.js';
import { endQuery } from './run-writes.js';
import { findParent } from './runs.js';
import { trashedRun } from './trash-errors.js';

export interface ShellRunOptions extends Omit<StartRunOptions, 'systemMetrics'> {
  /** The process that the run lives with; without one it is lost a day after it was last logged to. */
  pid?: number;
}

/**
 * Begins a run, or goes on with one, that no process of ours stands behind: a script logs to it and ends it by commands.
 * @returns its id
 * @throws OPTION_INVALID for a pid without a process, and as `startRun`
 */
export async function startShellRun(store: Store, options: ShellRunOptions): Promise<string> {
  const owner = ownerOf(options.pid ?? 0);
  const { resume } = options;
  if (resume === undefined) {
    const newRun = await describeNewRun(options, await findParent(store, options.parent), owner);
    const sink = new RunSink(newRun.start.row.run_id, store);
    await recordNewRun(sink, newRun);
    return sink.runId;
  }
  const resumed = await takeOver(store, { ...options, resume }, owner);
  await recordResume(new RunSink(resumed.row.run_id, store), store, resumed, options);
  return resumed.row.run_id;
}

function ownerOf(pid: number): ProcessIdentity {
  const identity = identityOf(pid);
  if (identity !== undefined) return identity;
  throw new RiskopsError('OPTION_INVALID', {
    what: `--pid: no process has the id ${pid}.`,
    why: 'A run lives as long as this process, and it is gone already.',
    fix: 'riskops runs start --pid $$',
  });
}

export interface EndRunOptions {
  /** FAILED when an error is given, or an exit code that says so; else FINISHED. */
  status?: 'FINISHED' | 'FAILED' | 'KILLED';
  error?: string;
  /** Of the script: 0 is FINISHED, 128 and a signal's number is KILLED, anything else FAILED. */
  exitCode?: number;
}

export interface EndedRun {
  run_id: string;
  status: 'FINISHED' | 'FAILED' | 'KILLED';
  /** False when it had ended so before. */
  changed: boolean;
}

/**
 * Ends a run. To end it again in the same way is no error.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_ENDED when it ended otherwise, VALUE_TOO_LONG
 */
export async function endRun(
  store: Store,
  idOrPrefix: string,
  options: EndRunOptions = {},
): Promise<EndedRun> {
  const run = await findRun(store, idOrPrefix);
  if (run.deleted_at !== null) throw trashedRun(run.run_id, run.deleted_at);
  const values = endOf(run, options);
  const { numUpdatedRows } = await store.write((transaction) =>
    endQuery(transaction, run.run_id, { values, by: null }).executeTakeFirstOrThrow(),
  );
  const { run_id } = run;
  if (numUpdatedRows === 0n) {
    const { status } = await findRun(store, run_id);
    if (status !== values.status) throw endedRun(run_id, status);
    return { run_id, status, changed: false };
  }
  await writeManifest(store, run_id);
  return { run_id, status: values.status, changed: true };
}

function endOf(run: RunRow, { error, exitCode, status = statusOf(exitCode, error) }: EndRunOptions) {
  const signal = exitCode === undefined ? undefined : signalOf(exitCode);
  const stopped = status === 'KILLED' && signal !== undefined ? `stopped by ${signal}` : null;
  const failed = status === 'FAILED' && exitCode !== undefined ? `exit code ${exitCode}` : null;
  const now = new Date();
  return {
    status,
    error: error === undefined ? (stopped ?? failed) : errorText(error),
    exit_code: exitCode ?? null,
    ended_at: now.toISOString(),
    // Without a process of ours there is only the clock to measure by, and it may have been set back.
    duration_ms: Math.max(0, now.getTime() - Date.parse(run.created_at)),
  };
}

function statusOf(exitCode: number | undefined, error: string | undefined): EndedRun['status'] {
  if (exitCode === undefined) return error === undefined ? 'FINISHED' : 'FAILED';
  if (exitCode === 0) return error === undefined ? 'FINISHED' : 'FAILED';
  return signalOf(exitCode) === undefined ? 'FAILED' : 'KILLED';
}
