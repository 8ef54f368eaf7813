import { RiskopsError } from '../errors.js';
import { toJson } from '../util/json.js';
import { type LogWriter, openLogWriter } from './log-writer.js';
import type {
  LoggedPrediction,
  PredictionLog,
  PredictionLogOptions,
  PredictionLogState,
  RowNames,
} from './logged-prediction.js';
import { PendingSegments } from './pending-segments.js';
import { compileRedaction, type Redaction } from './redaction.js';

/** Someone who waits until so many rows were written. */
interface Waiter {
  target: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Segments in one message: what piled up behind a lock is written in bites, each a short transaction. */
const SEGMENTS_IN_BATCH = 8;

/** JSON.stringify writes -0 as 0, and a replay must see what the model saw. */
function hasNegativeZero(values: unknown): boolean {
  if (typeof values !== 'object' || values === null) return false;
  for (const key in values) if (Object.is((values as Record<string, unknown>)[key], -0)) return true;
  return false;
}

function toLine(entry: LoggedPrediction): string {
  const { prediction, inputs, probabilities } = entry;
  const isSpecial = Object.is(prediction, -0) || hasNegativeZero(inputs) || hasNegativeZero(probabilities);
  return isSpecial ? toJson(entry) : JSON.stringify(entry);
}

function notWritten(reason: string | null): RiskopsError {
  return new RiskopsError('STORE_BUSY', {
    what: 'The prediction log could not be written in time.',
    why: reason ?? 'The disk is slow, or another process holds the database.',
    fix: 'riskops doctor',
  });
}

/** The log of modes `buffered` and `sync`; see `openPredictionLog`. */
export class BufferedLog implements PredictionLog {
  readonly mode: PredictionLog['mode'];
  readonly redacts: boolean;
  readonly #redaction: Redaction | null;
  readonly #pending: PendingSegments;
  readonly #writer: LogWriter;
  readonly #limits: { waitMs: number; waitRows: number; rows: number; characters: number; closeMs: number };
  #taken = 0;
  #written = 0;
  #dropped = 0;
  #lastError: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #waiters: Waiter[] = [];
  #closed = false;

  constructor({
    database,
    currentModel,
    mode,
    maxDelayMs = 100,
    maxRows = 1_000,
    maxPendingRows = 50 * maxRows,
    maxPendingCharacters = 32 * 1024 * 1024,
    closeMs = 3_000,
    redact = [],
    keepDays = null,
  }: PredictionLogOptions) {
    this.mode = mode;
    this.#redaction = compileRedaction(redact);
    this.redacts = this.#redaction !== null;
    this.#pending = new PendingSegments(maxRows);
    this.#limits = {
      // A part of the bound passes before a write begins: the rest is for the write before it, and for its own.
      waitMs: maxDelayMs / 4,
      waitRows: Math.max(1, Math.floor(maxRows / 2)),
      rows: maxPendingRows,
      characters: maxPendingCharacters,
      closeMs,
    };
    this.#writer = openLogWriter({
      ...{ database, currentModel },
      keepDays,
      onWritten: (rows) => this.#noteWritten(rows),
      onTrouble: (reason) => {
        this.#lastError = reason;
      },
    });
  }

  append(entries: readonly LoggedPrediction[], names?: RowNames): boolean {
    const before = this.#taken;
    const features = this.redacts && names !== undefined ? names.features.map(({ name }) => name) : null;
    try {
      for (const entry of entries) {
        if (!this.#hasRoom()) break;
        const kept = this.#redaction === null ? entry : this.#redaction.apply(entry, features);
        this.#pending.add(entry.id, toLine(kept));
        this.#taken++;
      }
      this.#writeOrWait();
    } catch (error) {
      this.#lastError = (error as Error).message;
    }
    const lost = entries.length - (this.#taken - before);
    this.#dropped += lost;
    return lost === 0;
  }

  appendLine(id: string, line: string): boolean {
    // A line that was made without the redaction would hold what must not be kept.
    if (this.redacts) return this.append([JSON.parse(line)]);
    const isTaken = this.#hasRoom();
    if (isTaken) {
      this.#pending.add(id, line);
      this.#taken++;
    } else this.#dropped++;
    this.#writeOrWait();
    return isTaken;
  }

  flush(timeoutMs?: number): Promise<void> {
    if (this.#written >= this.#taken) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { target: this.#taken, resolve, reject };
      this.#waiters.push(waiter);
      if (timeoutMs !== undefined) this.#limitWait(waiter, timeoutMs);
      this.#writeOrWait();
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush(this.#limits.closeMs).catch(() => {});
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const waiter of this.#waiters) waiter.reject(notWritten(this.#lastError));
    await this.#writer.close();
    this.#dropped += this.#taken - this.#written;
    this.#taken = this.#written;
  }

  state(): PredictionLogState {
    return {
      pending: this.#taken - this.#written,
      dropped: this.#dropped,
      written: this.#written,
      room:
        this.#pending.characters > this.#limits.characters / 2
          ? 0
          : this.#limits.rows - this.#taken + this.#written,
      lastError: this.#lastError,
    };
  }

  #hasRoom(): boolean {
    const { rows, characters } = this.#limits;
    return !this.#closed && this.#taken - this.#written < rows && this.#pending.characters < characters;
  }

  #writeOrWait(): void {
    const { rows, since } = this.#pending;
    const { waitMs, waitRows } = this.#limits;
    if (rows === 0) return;
    const isDue = this.#waiters.length > 0 || rows >= waitRows || performance.now() - since >= waitMs;
    if (isDue) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), waitMs).unref();
  }

  /** Sends what waits, unless a batch is under way: its end calls again. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.rows === 0 || this.#writer.busy()) return;
    this.#writer.send(this.#pending.take(SEGMENTS_IN_BATCH));
  }

  #noteWritten(rows: number): void {
    this.#written += rows;
    this.#lastError = null;
    const isDone = ({ target }: Waiter) => target <= this.#written;
    const done = this.#waiters.filter(isDone);
    this.#waiters = this.#waiters.filter((waiter) => !isDone(waiter));
    for (const waiter of done) waiter.resolve();
    this.#writeOrWait();
  }

  #limitWait(waiter: Waiter, timeoutMs: number): void {
    const { resolve } = waiter;
    const timer = setTimeout(() => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      waiter.reject(notWritten(this.#lastError));
    }, timeoutMs);
    waiter.resolve = () => {
      clearTimeout(timer);
      resolve();
    };
  }
}
