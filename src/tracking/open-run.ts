import type { BlobContent, BlobInfo } from '../storage/blobs/blob-store.js';
import { HEARTBEAT_MS } from './liveness.js';
import { MetricBuffer } from './metric-buffer.js';
import { keepLongParams } from './new-run.js';
import { exitCodeOf, type ProcessEnd, type Watched, watchProcess } from './process-hooks.js';
import type { ProcessIdentity } from './process-identity.js';
import type { RunSink } from './run-sink.js';
import { checkText, errorText, lastWords, type ParamValue, paramTexts, tagTexts } from './run-values.js';
import type { RunEnd } from './run-writes.js';
import { type SystemMetricsOption, watchSystem } from './system-metrics.js';

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
  /**
   * On disk when it resolves. The same name again replaces the value. Text over 64 KiB is kept as the artifact
   * `params/<name>.txt`, which the parameter then names. @throws VALUE_TOO_LONG for a name, RUN_VALUE_INVALID
   */
  logParams(params: Record<string, ParamValue>): Promise<void>;
  /**
   * Never throws and never waits; on disk after `flush` or `end`, or by itself within about a second. Without a `step`
   * each metric goes on from its last: 0, 1, 2 and so on. What cannot be kept is told by `flush` and `end`.
   */
  logMetrics(metrics: Record<string, number>, step?: number): void;
  /** All metrics logged so far are on disk when it resolves. */
  flush(): Promise<void>;
  setTags(tags: Record<string, string>): Promise<void>;
  /** Replaces the note; null removes it. */
  setNote(note: string | null): Promise<void>;
  /** Keeps a file of the run. @param path POSIX path below the run's folder @throws ARTIFACT_KEY_INVALID, ARTIFACT_REFUSED */
  logArtifact(path: string, content: BlobContent, kind: string): Promise<BlobInfo>;
  /** Ends the run well. Rejects, with the run recorded as FAILED, when metrics could not be written. */
  end(status?: 'FINISHED'): Promise<void>;
  /** Ends it as FAILED with the error's text. Only the first of `end`, `fail` and `kill` counts. */
  fail(error: unknown): Promise<void>;
  /** Ends it as KILLED by a signal such as SIGINT. */
  kill(signal: string): Promise<void>;
}

export interface OpenRunFacts {
  dirName: string;
  gitCommit: string | null;
  process: ProcessIdentity;
  /** Of a resumed run: from its first start until now, milliseconds. */
  earlierMs?: number;
  /** Of a resumed run: the last step of each metric. */
  lastSteps?: ReadonlyMap<string, number>;
}

export interface OpenRunOptions {
  systemMetrics?: SystemMetricsOption;
  /** The run ends with its process, see `watchProcess`. */
  watchProcess?: boolean;
}

type Ended = 'FINISHED' | 'FAILED' | 'KILLED';

/** A run whose row is written, and which lives until it is ended. */
export class OpenRun implements Run, Watched {
  readonly id: string;
  readonly dirName: string;
  readonly gitCommit: string | null;
  readonly #facts: OpenRunFacts;
  readonly #sink: RunSink;
  readonly #metrics: MetricBuffer;
  /** Monotonic: a clock that is set back must not make a duration negative. */
  readonly #began = performance.now();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #stopSystem: () => void;
  readonly #unwatch: () => void;
  #ending: Promise<void> | undefined;
  /** Left without an end, as an error does that leaves the block of an `await using`. */
  #isLeft = false;
  /** The end that is on disk. */
  #written: RunEnd | undefined;

  constructor(sink: RunSink, facts: OpenRunFacts, options: OpenRunOptions) {
    this.id = sink.runId;
    this.dirName = facts.dirName;
    this.gitCommit = facts.gitCommit;
    this.#facts = facts;
    this.#sink = sink;
    this.#metrics = new MetricBuffer((points) => sink.insertMetrics(points), this.id, facts.lastSteps);
    // One that fails is made up for by the next; the row says by its age how long nothing was heard.
    this.#heartbeat = setInterval(() => void sink.beat().catch(() => undefined), HEARTBEAT_MS).unref();
    this.#stopSystem = watchSystem(options.systemMetrics, (metrics) => this.logMetrics(metrics));
    this.#unwatch = options.watchProcess ? watchProcess(this) : () => {};
  }

  async logParams(params: Record<string, ParamValue>): Promise<void> {
    const { short, long } = paramTexts(params);
    if (short.length > 0) await this.#sink.write({ params: short });
    await keepLongParams(this.#sink, long);
  }

  async setTags(tags: Record<string, string>): Promise<void> {
    const pairs = tagTexts(tags);
    if (pairs.length > 0) await this.#sink.write({ tags: pairs });
  }

  async setNote(note: string | null): Promise<void> {
    if (note !== null) checkText('note', '', note);
    await this.#sink.write({ note });
  }

  logMetrics(metrics: Record<string, number>, step?: number): void {
    // A training loop may go on for a moment after a signal ended its run.
    if (this.#ending === undefined) this.#metrics.add(metrics, step);
  }

  flush(): Promise<void> {
    return this.#metrics.flush();
  }

  async logArtifact(path: string, content: BlobContent, kind: string): Promise<BlobInfo> {
    return this.#sink.putArtifact(path, content, kind);
  }

  end(status: 'FINISHED' = 'FINISHED'): Promise<void> {
    return this.#endOnce(status, null);
  }

  fail(error: unknown): Promise<void> {
    return this.#endOnce('FAILED', errorText(error));
  }

  kill(signal: string): Promise<void> {
    return this.#endOnce('KILLED', `stopped by ${signal}`, exitCodeOf(signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isLeft = this.#ending === undefined;
    await this.fail('the run was left before it was ended');
  }

  endWithProcess({ uncaught, signal, exitCode }: ProcessEnd): void {
    if (this.#isLeft && this.#written) {
      const values = { ...this.#written.values, error: lastWords(uncaught?.error), exit_code: exitCode };
      if (uncaught) this.#sink.endNow({ ...this.#written, values });
      return;
    }
    this.#stopSystem();
    this.#metrics.sendNow();
    const left = `the process ended with exit code ${exitCode} before the run was ended`;
    if (uncaught) this.#sink.endNow(this.#endOf('FAILED', lastWords(uncaught.error), exitCode));
    else if (signal) this.#sink.endNow(this.#endOf('KILLED', `stopped by ${signal}`, exitCode));
    else this.#sink.endNow(this.#endOf('FAILED', left, exitCode));
  }

  #endOnce(status: Ended, error: string | null, exitCode: number | null = null): Promise<void> {
    this.#ending ??= this.#finish(status, error, exitCode);
    return this.#ending;
  }

  async #finish(status: Ended, error: string | null, exitCode: number | null): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#stopSystem();
    try {
      const unwritten = await this.#metrics.close().then(
        () => undefined,
        (reason: unknown) => ({ reason }),
      );
      const well = status === 'FINISHED';
      const lost = unwritten && `metrics could not be written: ${errorText(unwritten.reason)}`;
      const text = [error, lost].filter(Boolean).join('; ') || null;
      const end = this.#endOf(well && lost ? 'FAILED' : status, text, exitCode);
      await this.#sink.write({ end });
      this.#written = end;
      await this.#sink.writeFiles();
      if (well && unwritten) throw unwritten.reason;
    } finally {
      // The error that left the block, if any, is not known before this returns; uncaught, it ends the process within this turn.
      if (this.#isLeft) setImmediate(() => void this.#close().catch(() => undefined));
      else await this.#close();
    }
  }

  async #close(): Promise<void> {
    this.#unwatch();
    await this.#sink.close();
  }

  #endOf(status: Ended, error: string | null, exitCode: number | null): RunEnd {
    const duration = (this.#facts.earlierMs ?? 0) + performance.now() - this.#began;
    const values = {
      status,
      error,
      exit_code: exitCode,
      ended_at: new Date().toISOString(),
      duration_ms: Math.round(duration),
    };
    return { values, by: this.#facts.process };
  }
}
