import type { Updateable } from 'kysely';
import type { BlobInfo } from '../storage/blobs/blob-store.js';
import type { RunsTable } from '../storage/database/schema.js';
import type { Store } from '../storage/store.js';
import { addArtifact } from './artifacts.js';
import { type GitState, readGit } from './git.js';
import { HEARTBEAT_MS } from './liveness.js';
import { writeManifest, writePointers } from './manifest.js';
import { MetricBuffer } from './metric-buffer.js';
import { processStarted, thisMachine } from './process-identity.js';
import { newRunId, runDirName } from './run-names.js';
import { checkName, checkText, errorText, type ParamValue, paramTexts, tagTexts } from './run-values.js';

export interface StartRunOptions {
  /** What is done: `train`, `tune`, `e2e` and so on; a part of the folder's name. */
  kind: string;
  model?: string;
  note?: string;
  params?: Record<string, ParamValue>;
  tags?: Record<string, string>;
  /** Where the code is whose git state is recorded; the process's own folder. */
  cwd?: string;
}

/**
 * A run that is being recorded. With `await using` a run that is left without `end` is recorded as FAILED; a process
 * that dies leaves it to be read as LOST.
 */
export interface Run extends AsyncDisposable {
  /** 32 hex digits. */
  readonly id: string;
  /** The run's folder below `runs/`. */
  readonly dirName: string;
  /** The commit that the code was at; null outside a repository. */
  readonly gitCommit: string | null;
  /** On disk when it resolves. The same name again replaces the value. @throws VALUE_TOO_LONG, RUN_VALUE_INVALID */
  logParams(params: Record<string, ParamValue>): Promise<void>;
  /**
   * Never throws and never waits; on disk after `flush` or `end`, or by itself within about a second. Without a `step`
   * each metric goes on from its last: 0, 1, 2 and so on.
   */
  logMetrics(metrics: Record<string, number>, step?: number): void;
  /** All metrics logged so far are on disk when it resolves. */
  flush(): Promise<void>;
  setTags(tags: Record<string, string>): Promise<void>;
  /** Keeps a file of the run. @param path POSIX path below the run's folder @throws ARTIFACT_KEY_INVALID */
  logArtifact(path: string, content: string | Uint8Array, kind: string): Promise<BlobInfo>;
  /** Ends the run well. Rejects, with the run recorded as FAILED, when metrics could not be written. */
  end(status?: 'FINISHED'): Promise<void>;
  /** Ends it as FAILED with the error's text. Only the first of `end`, `fail` and `kill` counts. */
  fail(error: unknown): Promise<void>;
  /** Ends it as KILLED by a signal such as SIGINT. */
  kill(signal: string): Promise<void>;
}

/**
 * Begins a run: first its row, with the state of the code, then its manifest and pointer files.
 * @throws VALUE_TOO_LONG, RUN_VALUE_INVALID, STORE_BUSY, STORE_IO
 */
export async function startRun(store: Store, options: StartRunOptions): Promise<Run> {
  const { kind, model, note, cwd = '.' } = options;
  checkName('kind', kind);
  if (note !== undefined) checkText('note', '', note);
  const params = paramTexts(options.params ?? {});
  const tags = tagTexts(options.tags ?? {});

  const git = await readGit(cwd);
  const run = new RecordedRun(store, kind, git.commit);
  await store.write(async (transaction) => {
    await transaction.insertInto('runs').values(run.row({ kind, model, note, git })).execute();
    const ofRun = { run_id: run.id };
    for (const pair of params)
      await transaction
        .insertInto('params')
        .values({ ...ofRun, ...pair })
        .execute();
    for (const pair of tags)
      await transaction
        .insertInto('tags')
        .values({ ...ofRun, ...pair })
        .execute();
  });
  try {
    run.beginHeartbeat();
    await saveCodeState(run, git);
    await writeManifest(store, run.id);
    await writePointers(store, { run_id: run.id, dir_name: run.dirName, created_at: run.createdAt });
    return run;
  } catch (error) {
    // The error that stopped the run is the one to tell, also when the disk cannot take this note of it.
    await run.fail(error).catch(() => undefined);
    throw error;
  }
}

/** What the commit alone does not tell: changes of tracked files, and the names of untracked ones. */
async function saveCodeState(run: Run, git: GitState): Promise<void> {
  const cut = '\n# cut here: the changes are longer than the limit\n';
  if (git.diff !== null) {
    await run.logArtifact(
      'git.diff',
      git.diffCut ? Buffer.concat([git.diff, Buffer.from(cut)]) : git.diff,
      'git_diff',
    );
  }
  if (git.untracked.length > 0)
    await run.logArtifact('git.untracked.txt', `${git.untracked.join('\n')}\n`, 'git_untracked');
}

class RecordedRun implements Run {
  readonly id = newRunId();
  readonly createdAt = new Date().toISOString();
  readonly dirName: string;
  readonly #store: Store;
  readonly #metrics: MetricBuffer;
  /** Monotonic: a clock that is set back must not make a duration negative. */
  readonly #began = performance.now();
  #heartbeat: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;

  constructor(
    store: Store,
    kind: string,
    readonly gitCommit: string | null,
  ) {
    this.#store = store;
    this.dirName = runDirName(this.id, kind, this.createdAt);
    this.#metrics = new MetricBuffer((points) => store.insertMetrics(points), this.id);
  }

  row({ kind, model, note, git }: Pick<StartRunOptions, 'kind' | 'model' | 'note'> & { git: GitState }) {
    const { host, bootId } = thisMachine();
    return {
      run_id: this.id,
      dir_name: this.dirName,
      kind,
      model: model ?? null,
      note: note ?? null,
      status: 'RUNNING' as const,
      created_at: this.createdAt,
      git_commit: git.commit,
      git_branch: git.branch,
      git_dirty: git.dirty === null ? null : Number(git.dirty),
      host,
      pid: process.pid,
      boot_id: bootId,
      process_started: processStarted(process.pid) ?? '',
      heartbeat_at: this.createdAt,
    };
  }

  beginHeartbeat(): void {
    // One that fails is made up for by the next; the row says by its age how long nothing was heard.
    this.#heartbeat = setInterval(() => void this.#beat().catch(() => undefined), HEARTBEAT_MS).unref();
  }

  async #beat(): Promise<void> {
    await this.#update({ heartbeat_at: new Date().toISOString() });
  }

  async logParams(params: Record<string, ParamValue>): Promise<void> {
    await this.#upsert('params', paramTexts(params));
  }

  async setTags(tags: Record<string, string>): Promise<void> {
    await this.#upsert('tags', tagTexts(tags));
  }

  async #upsert(table: 'params' | 'tags', pairs: { key: string; value: string }[]): Promise<void> {
    if (pairs.length === 0) return;
    await this.#store.write(async (transaction) => {
      for (const { key, value } of pairs) {
        await transaction
          .insertInto(table)
          .values({ run_id: this.id, key, value })
          .onConflict((conflict) => conflict.columns(['run_id', 'key']).doUpdateSet({ value }))
          .execute();
      }
    });
  }

  logMetrics(metrics: Record<string, number>, step?: number): void {
    // A training loop may go on for a moment after a signal ended its run.
    if (this.#ending === undefined) this.#metrics.add(metrics, step);
  }

  flush(): Promise<void> {
    return this.#metrics.flush();
  }

  logArtifact(path: string, content: string | Uint8Array, kind: string): Promise<BlobInfo> {
    return addArtifact(this.#store, this.id, path, content, kind);
  }

  end(status: 'FINISHED' = 'FINISHED'): Promise<void> {
    this.#ending ??= this.#finish(status, null);
    return this.#ending;
  }

  fail(error: unknown): Promise<void> {
    this.#ending ??= this.#finish('FAILED', errorText(error));
    return this.#ending;
  }

  kill(signal: string): Promise<void> {
    this.#ending ??= this.#finish('KILLED', `stopped by ${signal}`);
    return this.#ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fail('the run was left before it was ended');
  }

  async #finish(status: 'FINISHED' | 'FAILED' | 'KILLED', error: string | null): Promise<void> {
    clearInterval(this.#heartbeat);
    const unwritten = await this.#metrics.close().then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    const well = status === 'FINISHED';
    const lost = unwritten && `metrics could not be written: ${errorText(unwritten.reason)}`;
    await this.#update({
      status: well && lost ? 'FAILED' : status,
      error: [error, lost].filter(Boolean).join('; ') || null,
      ended_at: new Date().toISOString(),
      duration_ms: Math.round(performance.now() - this.#began),
    });
    await writeManifest(this.#store, this.id);
    if (well && unwritten) throw unwritten.reason;
  }

  async #update(values: Omit<Updateable<RunsTable>, 'sequence'>): Promise<void> {
    await this.#store.write((transaction) =>
      transaction
        .updateTable('runs')
        .set(values)
        .where('run_id', '=', this.id)
        .where('status', '=', 'RUNNING')
        .execute(),
    );
  }
}
