import { Worker } from 'node:worker_threads';
import { workerUrl } from '../util/package.js';
import type { FromShadowThread, OfferedRow, ShadowThreadData, ToShadowThread } from './shadow-messages.js';

export interface ShadowThreadOptions extends ShadowThreadData {
  /** Told, in a clause, that it answers no more; and `null` when it does again. */
  onTrouble(failure: string | null): void;
  /** The most rows that wait; 1,000. */
  mostWaiting?: number;
  /** The most rows a second over time, so that a busy server stays quick; 200. What was not used is kept for as many rows as may wait. */
  mostASecond?: number;
}

export interface ShadowThreadState {
  waiting: number;
  answered: number;
  /** Rows that were offered and are not in the log: too many at a time, or the thread was away. */
  dropped: number;
  /** Rows that the version cannot answer. */
  unread: number;
  /** Why it answers nothing; null when all is well. */
  failure: string | null;
}

/** Rows of a batch: what is posted at once holds up the server for a part of a millisecond. */
const BATCH_ROWS = 64;
/** Rows are collected for so long: to wake the thread for each would cost more than its row. */
const COLLECT_MS = 50;
/** A row that waited longer is of no use: the report joins it with its real answer. */
const LATEST_MS = 5_000;
const STUCK_MS = 10_000;
const MEMORY_MB = 1_024;
/** A thread that ends more often than so many times in a minute is given up. */
const MOST_ENDS = 5;
const MINUTE_MS = 60_000;
/** Times the ends of the last minute. */
const RESTART_MS = 100;
/** The time to write what it answered. */
const END_MS = 2_000;

/**
 * A thread that answers rows beside those who really answer them. What it has no time for is dropped and counted; nobody ever waits
 * for it. A thread that dies is started again, and given up when that does not help.
 */
export class ShadowThread {
  #worker: Worker | undefined;
  #isReady = false;
  readonly #waiting: OfferedRow[] = [];
  #underWay: { batch: number; rows: OfferedRow[]; timer: NodeJS.Timeout } | undefined;
  #batches = 0;
  #timer: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #allowance: number;
  #refilled = Date.now();
  #ends: number[] = [];
  #isOver = false;
  readonly #state: ShadowThreadState = { waiting: 0, answered: 0, dropped: 0, unread: 0, failure: null };
  readonly #limits: { waiting: number; second: number; saved: number };

  constructor(private readonly options: ShadowThreadOptions) {
    const { mostWaiting = 1_000, mostASecond = 200 } = options;
    this.#limits = { waiting: mostWaiting, second: mostASecond, saved: Math.max(mostWaiting, mostASecond) };
    this.#allowance = this.#limits.saved;
    this.#start();
  }

  /** How many of `count` rows may be offered now; the others count as dropped. Cheap, and neither waits nor throws. */
  take(count: number): number {
    const taken = Math.min(count, this.#room());
    this.#state.dropped += count - taken;
    this.#allowance -= taken;
    return taken;
  }

  /** Hands over a row that was taken. It is answered later, or not at all. */
  offer(row: OfferedRow): void {
    this.#waiting.push(row);
    this.#timer ??= setTimeout(() => this.#send(), COLLECT_MS).unref();
  }

  state(): ShadowThreadState {
    return { ...this.#state, waiting: this.#waiting.length + (this.#underWay?.rows.length ?? 0) };
  }

  /** Ends the thread; what waits is dropped. */
  async close(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#restart);
    this.#dropAll();
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage({ kind: 'close' } satisfies ToShadowThread);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, END_MS)))]);
    clearTimeout(timer);
    await worker.terminate();
  }

  /** How many rows it takes now. */
  #room(): number {
    if (this.#isOver) return 0;
    const { waiting, second, saved } = this.#limits;
    const now = Date.now();
    if (now !== this.#refilled) {
      // A clock that was set back gives nothing.
      const earned = (Math.max(0, now - this.#refilled) * second) / 1_000;
      this.#allowance = Math.min(saved, this.#allowance + earned);
      this.#refilled = now;
    }
    return Math.max(0, Math.min(Math.floor(this.#allowance), waiting - this.#waiting.length));
  }

  #start(): void {
    this.#restart = undefined;
    try {
      const { model, version, file, sha256, database, redact } = this.options;
      const worker = new Worker(workerUrl('shadow'), {
        workerData: { model, version, file, sha256, database, redact } satisfies ShadowThreadData,
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      });
      this.#worker = worker;
      worker.on('message', (message: FromShadowThread) => this.#receive(message));
      worker.on('error', (error) => this.#ended(worker, error.message));
      worker.on('exit', () => this.#ended(worker, 'its thread ended'));
      // Listeners hold a thread's port open; unref'd after them, it keeps no process alive.
      worker.unref();
    } catch (error) {
      this.#ended(undefined, `its thread cannot start: ${(error as Error).message}`);
    }
  }

  #receive(message: FromShadowThread): void {
    if (this.#isOver) return;
    if (message.kind === 'refused') {
      this.#giveUp(message.why);
      return;
    }
    if (message.kind === 'ready') {
      this.#isReady = true;
      this.#tell(null);
    } else if (message.batch === this.#underWay?.batch) {
      clearTimeout(this.#underWay.timer);
      this.#underWay = undefined;
      this.#state.answered += message.answered;
      this.#state.unread += message.unread;
      this.#state.dropped += message.lost;
    }
    this.#send();
  }

  /** Posts the next batch, unless one is under way: its end calls again. */
  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dropLate();
    const worker = this.#worker;
    if (worker === undefined || !this.#isReady || this.#underWay !== undefined) return;
    const rows = this.#waiting.splice(0, BATCH_ROWS);
    if (rows.length === 0) return;
    const batch = ++this.#batches;
    const timer = setTimeout(() => this.#ended(worker, 'its thread does not answer'), STUCK_MS).unref();
    this.#underWay = { batch, rows, timer };
    try {
      worker.postMessage({ kind: 'rows', batch, rows } satisfies ToShadowThread);
    } catch {
      // a value that no message can carry
      this.#dropBatch();
    }
  }

  #dropLate(): void {
    const now = Date.now();
    const late = this.#waiting.findIndex(({ at }) => now - at <= LATEST_MS);
    const count = late < 0 ? this.#waiting.length : late;
    this.#waiting.splice(0, count);
    this.#state.dropped += count;
  }

  #dropBatch(): void {
    if (this.#underWay === undefined) return;
    clearTimeout(this.#underWay.timer);
    this.#state.dropped += this.#underWay.rows.length;
    this.#underWay = undefined;
  }

  #dropAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dropBatch();
    this.#state.dropped += this.#waiting.length;
    this.#waiting.length = 0;
  }

  #ended(worker: Worker | undefined, why: string): void {
    if (this.#isOver || worker !== this.#worker) return;
    this.#worker = undefined;
    this.#isReady = false;
    worker?.terminate().catch(() => {});
    this.#dropBatch();
    const now = performance.now();
    this.#ends = [...this.#ends.filter((at) => now - at < MINUTE_MS), now];
    if (this.#ends.length > MOST_ENDS) {
      this.#giveUp(`${why}, for the ${this.#ends.length}th time in a minute`);
      return;
    }
    this.#tell(why);
    const wait = RESTART_MS * this.#ends.length;
    this.#restart = setTimeout(() => this.#start(), wait).unref();
  }

  #giveUp(why: string): void {
    this.#isOver = true;
    this.#dropAll();
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate().catch(() => {});
    this.#tell(why);
  }

  #tell(failure: string | null): void {
    if (failure === this.#state.failure) return;
    this.#state.failure = failure;
    this.options.onTrouble(failure);
  }
}
