import type { Store } from '../storage/store.js';
import { findRun } from './find-run.js';
import { describeNewRun, recordNewRun } from './new-run.js';
import { OpenRun, type Run } from './open-run.js';
import { ownIdentity } from './process-identity.js';
import { recordResume, takeOver } from './resume-run.js';
import type { StartRunOptions } from './run-options.js';
import { RunSink, type SpoolKeeping } from './run-sink.js';
import { errorText } from './run-values.js';
import { checkEvery } from './system-metrics.js';
import { trashedRun } from './trash-errors.js';

export type { Run } from './open-run.js';
export type { StartRunOptions } from './run-options.js';

/** How a run is kept beyond its store. */
export interface RunKeeping {
  /** It goes on in a spool file while the store is away. */
  spool?: SpoolKeeping;
  /** It ends with the process: FAILED by an uncaught error or an exit, KILLED by a signal. */
  watchProcess?: boolean;
  /** The store is closed when the run ends. */
  ownsStore?: boolean;
}

/**
 * Begins a run, or goes on with one: first its row, with the state of the code, then its manifest and pointer files.
 * @throws VALUE_TOO_LONG, RUN_VALUE_INVALID, RUN_NOT_FOUND (parent, resume), RUN_IS_RUNNING (resume), OPTION_INVALID,
 *   STORE_BUSY, STORE_IO
 */
export async function startRun(
  store: Store,
  options: StartRunOptions,
  keeping: RunKeeping = {},
): Promise<Run> {
  if (options.systemMetrics) checkEvery(options.systemMetrics);
  const { resume } = options;
  if (resume !== undefined) return resumeRun(store, { ...options, resume }, keeping);
  const parentId = await findParent(store, options.parent);
  return beginRun(store, parentId, options, keeping);
}

/**
 * Begins a run in the spool, for a store that could not be opened.
 * @throws `error` for what cannot be done without the store: a parent by the beginning of its id, a resume
 */
export async function startRunAway(
  error: unknown,
  options: StartRunOptions,
  keeping: RunKeeping,
): Promise<Run> {
  if (options.systemMetrics) checkEvery(options.systemMetrics);
  const { resume, parent = null } = options;
  if (resume !== undefined || (parent !== null && !/^[0-9a-f]{32}$/.test(parent))) throw error;
  return beginRun(undefined, parent, options, keeping, error);
}

async function beginRun(
  store: Store | undefined,
  parentId: string | null,
  options: StartRunOptions,
  keeping: RunKeeping,
  away?: unknown,
): Promise<Run> {
  const process = ownIdentity();
  const newRun = await describeNewRun(options, parentId, process);
  const { run_id, dir_name, git_commit = null } = newRun.start.row;
  const sink = new RunSink(run_id, store, { keeping: keeping.spool, ownsStore: keeping.ownsStore });
  if (store === undefined) sink.leaveStore(away);
  await recordNewRun(sink, newRun);
  return new OpenRun(sink, { dirName: dir_name, gitCommit: git_commit, process }, { ...options, ...keeping });
}

async function resumeRun(
  store: Store,
  options: StartRunOptions & { resume: string },
  keeping: RunKeeping,
): Promise<Run> {
  const process = ownIdentity();
  const resumed = await takeOver(store, options, process);
  const { run_id, dir_name } = resumed.row;
  const sink = new RunSink(run_id, store, { keeping: keeping.spool, ownsStore: keeping.ownsStore });
  const facts = { dirName: dir_name, process, ...resumed };
  try {
    const { gitCommit } = await recordResume(sink, store, resumed, options);
    return new OpenRun(sink, { ...facts, gitCommit }, { ...options, ...keeping });
  } catch (error) {
    const run = new OpenRun(sink, { ...facts, gitCommit: null }, {});
    await run.fail(errorText(error)).catch(() => undefined);
    throw error;
  }
}

/** The id of a run that another is a part of. @throws RUN_NOT_FOUND, RUN_AMBIGUOUS */
export async function findParent(store: Store, parent: string | undefined): Promise<string | null> {
  if (parent === undefined) return null;
  const row = await findRun(store, parent);
  if (row.deleted_at !== null) throw trashedRun(row.run_id, row.deleted_at);
  return row.run_id;
}
