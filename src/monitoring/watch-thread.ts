import { Worker } from 'node:worker_threads';
import { RiskopsError } from '../errors.js';
import type { StorePlaces } from '../storage/store.js';
import { workerUrl } from '../util/package.js';
import type {
  FromWatchThread,
  ToWatchThread,
  WatchResults,
  WatchTask,
  WatchThreadData,
} from './watch-messages.js';

interface Job {
  resolve(result: WatchResults[keyof WatchResults]): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export interface WatchThreadOptions {
  places: StorePlaces;
  mode: WatchThreadData['mode'];
  /** Jobs at a time; more are turned away. */
  most: number;
  /** A job that takes too long ends the thread; a write goes on, and only its asker does not wait for it. */
  endsLate: boolean;
}

const END_MS = 2_000;
/** More than a measurement of a million predictions takes; beyond it the thread ends, and not the server. */
const MEMORY_MB = 2_048;

/**
 * A thread for what would hold up a server: started when it is first needed, and again when it ended. It does one job after the other.
 */
export class WatchThread {
  #worker: Worker | undefined;
  #jobs = new Map<number, Job>();
  #next = 0;
  #closed = false;

  constructor(private readonly options: WatchThreadOptions) {}

  /**
   * @param timeoutMs how long the caller waits
   * @throws RiskopsError SERVER_BUSY when too much waits already, REQUEST_TIMEOUT, and as the task does
   */
  run<Kind extends WatchTask['kind']>(
    task: WatchTask & { kind: Kind },
    timeoutMs: number,
  ): Promise<WatchResults[Kind]> {
    if (this.#closed || this.#jobs.size >= this.options.most) return Promise.reject(busy());
    const job = this.#next++;
    const worker = this.#started();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(job, timeoutMs), timeoutMs);
      this.#jobs.set(job, { resolve: resolve as Job['resolve'], reject, timer });
      worker.postMessage({ job, task } satisfies ToWatchThread);
    });
  }

  /** Lets what is under way end, within seconds. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ close: true } satisfies ToWatchThread);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, END_MS)))]);
    clearTimeout(timer);
    await worker.terminate();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { places, mode } = this.options;
    const worker = new Worker(workerUrl('watch'), {
      workerData: { places, mode } satisfies WatchThreadData,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    worker.on('message', (told: FromWatchThread) => this.#settle(told));
    worker.on('error', (error) => this.#ended(worker, error.message));
    worker.on('exit', () => this.#ended(worker, 'its thread ended'));
    // Listeners hold a thread's port open; unref'd after them, it keeps no process alive.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #take(job: number): Job | undefined {
    const found = this.#jobs.get(job);
    this.#jobs.delete(job);
    clearTimeout(found?.timer);
    return found;
  }

  #settle(told: FromWatchThread): void {
    const job = this.#take(told.job);
    if (job === undefined) return;
    if ('result' in told) job.resolve(told.result);
    else if ('error' in told) job.reject(new RiskopsError(told.error.code, told.error.text));
    else job.reject(new Error(told.fault));
  }

  #giveUp(job: number, timeoutMs: number): void {
    this.#take(job)?.reject(
      new RiskopsError('REQUEST_TIMEOUT', { what: `It took longer than ${timeoutMs} ms.` }),
    );
    // What comes behind it would wait as long.
    if (this.options.endsLate) void this.#worker?.terminate();
  }

  #ended(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const job of this.#jobs.keys()) {
      this.#take(job)?.reject(
        new RiskopsError('SERVER_BUSY', { what: 'The request was ended before it was done.', why }),
      );
    }
  }
}

function busy(): RiskopsError {
  return new RiskopsError('SERVER_BUSY', { what: 'Too many requests of this kind are waiting already.' });
}
