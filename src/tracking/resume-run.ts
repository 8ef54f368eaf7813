import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { toPrettyJson } from '../util/json.js';
import { printable } from '../util/text.js';
import { readEnvironment } from './environment.js';
import { findRun } from './find-run.js';
import { readGit } from './git.js';
import { readStatus } from './liveness.js';
import { checkOptions, keepCodeState, keepLongParams } from './new-run.js';
import type { ProcessIdentity } from './process-identity.js';
import { runningRun } from './run-errors.js';
import type { StartRunOptions } from './run-options.js';
import type { RunRow } from './run-records.js';
import type { RunSink } from './run-sink.js';
import { trashedRun } from './trash-errors.js';

/** A run that goes on. */
export interface ResumedRun {
  row: RunRow;
  /** From its first start until now, milliseconds. */
  earlierMs: number;
  lastSteps: Map<string, number>;
}

/**
 * Takes a run over that ended or was lost: it is RUNNING again, in `owner`. Of several processes that try at once one
 * has it. How it ended before, and the code and machine it goes on with, are kept in `resumes/<n>/`.
 * @throws RUN_NOT_FOUND, RUN_AMBIGUOUS, RUN_IS_RUNNING, RUN_VALUE_INVALID, VALUE_TOO_LONG
 */
export async function takeOver(
  store: Store,
  options: StartRunOptions & { resume: string },
  owner: ProcessIdentity,
): Promise<ResumedRun> {
  checkOptions(options);
  const row = await findRun(store, options.resume);
  if (row.deleted_at !== null) throw trashedRun(row.run_id, row.deleted_at);
  await checkSame(store, row, options);
  // A run without a process is free to take: a shell script hands it on.
  if (readStatus(row) === 'RUNNING' && row.pid !== 0) throw runningRun(row);
  const { numUpdatedRows } = await store.write((transaction) =>
    transaction
      .updateTable('runs')
      .set({
        status: 'RUNNING',
        ended_at: null,
        duration_ms: null,
        error: null,
        exit_code: null,
        ...owner,
        heartbeat_at: new Date().toISOString(),
        ...given(options),
      })
      .where('run_id', '=', row.run_id)
      .where('status', '=', row.status)
      .where('pid', '=', row.pid)
      .where('process_started', '=', row.process_started)
      .where('heartbeat_at', '=', row.heartbeat_at)
      .executeTakeFirstOrThrow(),
  );
  if (numUpdatedRows === 0n) throw runningRun(await findRun(store, row.run_id));
  const earlierMs = Math.max(0, Date.now() - Date.parse(row.created_at));
  return { row, earlierMs, lastSteps: await lastSteps(store, row.run_id) };
}

/** What the options change about a run that goes on. */
const given = ({ name, group, note }: StartRunOptions) => ({
  ...(name !== undefined && { name }),
  ...(group !== undefined && { group_name: group }),
  ...(note !== undefined && { note }),
});

/** A script that is started again gives the options that it gave before; others would be lost without a word. */
async function checkSame(store: Store, row: RunRow, { kind, model, parent }: StartRunOptions): Promise<void> {
  const parentId = parent === undefined ? undefined : (await findRun(store, parent)).run_id;
  const facts = [
    ['kind', kind, row.kind],
    ['model', model, row.model],
    ['parent', parentId, row.parent_run_id],
  ] as const;
  for (const [what, now, before] of facts) {
    if (now === undefined || now === before) continue;
    throw new RiskopsError('RUN_VALUE_INVALID', {
      what: `a resumed run keeps its ${what}`,
      why: `run ${row.run_id.slice(0, 8)} has ${before === null ? 'none' : `"${printable(before)}"`}, and "${printable(now)}" was given`,
      fix: `leave the ${what} out, or start a new run`,
    });
  }
}

async function lastSteps(store: Store, runId: string): Promise<Map<string, number>> {
  const rows = await store.db
    .selectFrom('metrics')
    .select(['key', 'step'])
    .where('run_id', '=', runId)
    .execute();
  return new Map(rows.map(({ key, step }) => [key, step]));
}

/** What goes with a resumed run: how it stood before, the code and machine it goes on with, and what the options add. */
export async function recordResume(
  sink: RunSink,
  store: Store,
  { row }: ResumedRun,
  options: StartRunOptions,
): Promise<{ gitCommit: string | null }> {
  const { cwd = '.' } = options;
  const { params, tags } = checkOptions(options);
  const [git, environment] = await Promise.all([readGit(cwd), readEnvironment(cwd)]);
  const folder = `resumes/${await nextResume(store, row.run_id)}/`;
  const { status, error, exit_code, ended_at, host, pid, heartbeat_at } = row;
  const before = {
    status: readStatus(row),
    recorded: status,
    error,
    exit_code,
    ended_at,
    host,
    pid,
    heartbeat_at,
  };
  const { commit, branch, dirty } = git;
  const record = {
    resumed_at: new Date().toISOString(),
    before,
    git: { commit, branch, dirty },
    environment,
  };
  await sink.putArtifact(`${folder}resume.json`, `${toPrettyJson(record)}\n`, 'resume');
  await keepCodeState(sink, git, folder);
  if (params.short.length > 0) await sink.write({ params: params.short });
  await keepLongParams(sink, params.long);
  if (tags.length > 0) await sink.write({ tags });
  await sink.writeFiles();
  return { gitCommit: commit };
}

async function nextResume(store: Store, runId: string): Promise<number> {
  const { count } = await store.db
    .selectFrom('artifacts')
    .select((e) => e.fn.countAll<number>().as('count'))
    .where('run_id', '=', runId)
    .where('kind', '=', 'resume')
    .executeTakeFirstOrThrow();
  return Number(count) + 1;
}
