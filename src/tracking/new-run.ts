import { toJson } from '../util/json.js';
import { readEnvironment } from './environment.js';
import { type GitState, readGit } from './git.js';
import { longParamPath, longParamReference } from './long-params.js';
import type { ProcessIdentity } from './process-identity.js';
import { newRunId, runDirName } from './run-names.js';
import type { StartRunOptions } from './run-options.js';
import type { RunSink } from './run-sink.js';
import { checkModel, checkName, checkText, errorText, paramTexts, tagTexts } from './run-values.js';
import type { Pair, RunStart } from './run-writes.js';

/** A run that is about to begin. */
export interface NewRun {
  start: RunStart;
  git: GitState;
  /** Parameters that are kept as artifacts. */
  longParams: Pair[];
}

/** What `options` say of a run, checked. @throws VALUE_TOO_LONG, RUN_VALUE_INVALID */
export function checkOptions({ kind, name, model, group, note, params, tags }: StartRunOptions) {
  for (const [what, value] of Object.entries({ kind, name, model, group }))
    if (value !== undefined) checkName(what, value);
  if (note !== undefined) checkText('note', '', note);
  return { params: paramTexts(params ?? {}), tags: tagTexts(tags ?? {}) };
}

/** The row of a new run and what hangs on it: the state of the code, the machine, parameters and tags. */
export async function describeNewRun(
  options: StartRunOptions,
  parentId: string | null,
  process: ProcessIdentity,
): Promise<NewRun> {
  const { kind = 'run', name = null, model = null, group = null, note = null, cwd = '.' } = options;
  const { params, tags } = checkOptions(options);
  if (model !== null) checkModel(model);
  const [git, environment] = await Promise.all([readGit(cwd), readEnvironment(cwd)]);
  const runId = newRunId();
  const createdAt = new Date().toISOString();
  const row = {
    run_id: runId,
    dir_name: runDirName(runId, kind, createdAt),
    kind,
    name,
    model,
    group_name: group,
    parent_run_id: parentId,
    note,
    status: 'RUNNING' as const,
    created_at: createdAt,
    git_commit: git.commit,
    git_branch: git.branch,
    git_dirty: git.dirty === null ? null : Number(git.dirty),
    environment_json: toJson(environment),
    ...process,
    heartbeat_at: createdAt,
  };
  return { start: { row, params: params.short, tags }, git, longParams: params.long };
}

/** Records a run: first its row, then its files. A run whose files cannot be written is recorded as FAILED. */
export async function recordNewRun(sink: RunSink, { start, git, longParams }: NewRun): Promise<void> {
  await sink.write({ start });
  const { dir_name, created_at } = start.row;
  try {
    await keepCodeState(sink, git);
    await keepLongParams(sink, longParams);
    await sink.writeFiles({ dir_name, created_at });
  } catch (error) {
    const values = {
      status: 'FAILED' as const,
      error: errorText(error),
      exit_code: null,
      ended_at: new Date().toISOString(),
      duration_ms: 0,
    };
    // The error that stopped the run is the one to tell, also when the disk cannot take this note of it.
    await sink.write({ end: { values, by: null } }).catch(() => undefined);
    await sink.close().catch(() => undefined);
    throw error;
  }
}

/** What the commit alone does not tell: changes of tracked files, and the names of untracked ones. */
export async function keepCodeState(sink: RunSink, git: GitState, folder = ''): Promise<void> {
  const cut = '\n# cut here: the changes are longer than the limit\n';
  if (git.diff !== null) {
    const diff = git.diffCut ? Buffer.concat([git.diff, Buffer.from(cut)]) : git.diff;
    await sink.putArtifact(`${folder}git.diff`, diff, 'git_diff');
  }
  if (git.untracked.length > 0)
    await sink.putArtifact(`${folder}git.untracked.txt`, `${git.untracked.join('\n')}\n`, 'git_untracked');
}

/** Text over the limit as an artifact, and then the parameter that names it. */
export async function keepLongParams(sink: RunSink, params: Pair[]): Promise<void> {
  for (const { key, value } of params) await sink.putArtifact(longParamPath(key), value, 'param');
  if (params.length > 0) await sink.write({ params: params.map(longParamReference) });
}
