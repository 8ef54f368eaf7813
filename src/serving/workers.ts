import cluster, { type Worker } from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry } from 'prom-client';
import { RiskopsError } from '../errors.js';
import type { RunningServer } from './server.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

export interface WorkersOptions {
  count: number;
  /** The program, and the words that make a process of it serve. */
  program: string;
  words: readonly string[];
  /** Told, in one line, what an operator should see. */
  onNews: (line: string) => void;
}

/** A worker that could not begin has said why; its exit code is the command's. */
export class WorkerFailed extends Error {
  constructor(readonly exitCode: number) {
    super(`a worker ended with exit code ${exitCode} before it served`);
  }
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 10_000;
/** A worker that served for so long did not fail for what the one before it failed for. */
const STEADY_MS = 60_000;
const END_MS = 8_000;
const METRICS_MS = 2_000;

/** The processes that share one port. */
class Workers {
  readonly #registry = new AggregatorRegistry();
  readonly #timers = new Set<NodeJS.Timeout>();
  #restartMs = FIRST_RESTART_MS;
  #isClosing = false;
  #told = new Map<string, number>();

  constructor(private readonly options: WorkersOptions) {
    cluster.setupPrimary({ exec: options.program, args: [...options.words] });
  }

  /** Resolves with where it listens. @throws WorkerFailed */
  start(): Promise<Pick<RunningServer, 'url' | 'host' | 'port'>> {
    return new Promise((resolve, reject) => {
      const worker = cluster.fork();
      const begun = performance.now();
      let isReady = false;
      worker.on('message', (message: FromWorker) => {
        if (message.kind === 'news') this.#tell(message.line);
        else if (message.kind === 'metrics') void this.#answerMetrics(worker, message.id);
        else if (message.kind === 'ready') {
          isReady = true;
          resolve(message);
        }
      });
      worker.on('error', () => {});
      worker.once('exit', (code, signal) => {
        if (isReady) this.#restart(code ?? signal, performance.now() - begun);
        else reject(new WorkerFailed(code ?? 70));
      });
    });
  }

  /** The figures of all workers, summed. */
  metrics(): Promise<string> {
    return this.#registry.clusterMetrics();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers) worker.process.kill('SIGTERM');
    const isOver = await Promise.race([Promise.all(ended), sleep(END_MS, 'late', { ref: false })]);
    if (isOver === 'late') for (const worker of workers) worker.process.kill('SIGKILL');
  }

  #restart(why: number | string | null, livedMs: number): void {
    if (this.#isClosing) return;
    if (livedMs > STEADY_MS) this.#restartMs = FIRST_RESTART_MS;
    this.#tell(`A worker ended (${why}); another one takes its place.`);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.start().catch(() => this.#restart('it could not begin', 0));
    }, this.#restartMs);
    this.#timers.add(timer);
    this.#restartMs = Math.min(2 * this.#restartMs, LAST_RESTART_MS);
  }

  /** All workers see the same promotion; it is told once. */
  #tell(line: string): void {
    const now = performance.now();
    const before = this.#told.get(line);
    if (this.#told.size > 100) this.#told.clear();
    this.#told.set(line, now);
    if (before === undefined || now - before > 5_000) this.options.onNews(line);
  }

  async #answerMetrics(worker: Worker, id: number): Promise<void> {
    const late = sleep(METRICS_MS, null, { ref: false });
    const text = await Promise.race([this.metrics().catch(() => null), late]);
    if (worker.isConnected()) worker.send({ kind: 'metrics', id, text } satisfies ToWorker, () => {});
  }
}

/**
 * Serves by several processes on one port, each with a model and a log thread of its own. One that ends is started again.
 * @throws WorkerFailed when the first of them cannot begin; it has said why on stderr
 */
export async function startWorkers(options: WorkersOptions): Promise<RunningServer> {
  if (!cluster.isPrimary)
    throw new RiskopsError('INTERNAL_ERROR', { what: 'A worker was asked for workers.' });
  const workers = new Workers(options);
  // The first one finds out whether the port can be had; the others share it.
  const address = await workers.start();
  try {
    await Promise.all(Array.from({ length: options.count - 1 }, () => workers.start()));
  } catch (error) {
    await workers.close();
    throw error;
  }
  return { ...address, metrics: () => workers.metrics(), close: () => workers.close() };
}
