import { RiskopsError } from '../errors.js';
import type { MetricPoint, Store } from '../storage/store.js';
import { checkName, checkPoint } from './run-values.js';

/** So many points are written together. */
const BATCH = 5000;
/** So long may a point wait for others. */
const WAIT_MS = 1000;
/** So many are kept while nothing takes them; what comes then is counted and dropped. */
const KEPT = 100_000;

/** A metric whose name is checked. */
interface Series {
  key: string;
  nextStep: number;
}

/**
 * Metric points on their way to the store. Adding never throws and never waits: what goes wrong is told by `flush`
 * and `close`. Points that could not be written are kept and tried again.
 */
export class MetricBuffer {
  readonly #insert: Store['insertMetrics'];
  readonly #runId: string;
  readonly #series = new Map<string, Series>();
  #points: MetricPoint[] = [];
  /** When the first of `#points` came. */
  #since = 0;
  #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #retryAt = 0;
  #failure: unknown;
  /** The first thing that can never be written. */
  #refused: { reason: unknown } | undefined;
  #dropped = 0;

  /** @param lastSteps the steps that the metrics of a resumed run had come to */
  constructor(
    insert: Store['insertMetrics'],
    runId: string,
    lastSteps: ReadonlyMap<string, number> = new Map(),
  ) {
    this.#insert = insert;
    this.#runId = runId;
    for (const [key, step] of lastSteps) this.#series.set(key, { key, nextStep: step + 1 });
  }

  /** Without a `step` each metric goes on from its last: 0, 1, 2 and so on. */
  add(metrics: Record<string, number>, step?: number): void {
    const loggedMs = Date.now();
    try {
      for (const key of Object.keys(metrics)) this.#addPoint(key, metrics[key], step, loggedMs);
    } catch (error) {
      // No object at all, or one whose properties throw.
      this.#refused ??= { reason: error };
    }
    if (this.#points.length === 0) return;
    const now = performance.now();
    // By the clock as well as by the timer: a loop that never awaits lets no timer run.
    const isDue = this.#points.length >= BATCH || now - this.#since >= WAIT_MS;
    if (isDue && now >= this.#retryAt) this.sendNow();
    else this.#sendLater();
  }

  #addPoint(key: string, value: number, step: number | undefined, logged_ms: number): void {
    try {
      const series = this.#series.get(key) ?? this.#newSeries(key);
      const at = step ?? series.nextStep;
      checkPoint(key, value, at);
      series.nextStep = at + 1;
      if (this.#points.length >= KEPT) this.#dropped++;
      else if (this.#points.push({ run_id: this.#runId, key: series.key, step: at, value, logged_ms }) === 1)
        this.#since = performance.now();
    } catch (error) {
      this.#refused ??= { reason: error };
    }
  }

  #newSeries(key: string): Series {
    checkName('metric', key);
    const series = { key, nextStep: 0 };
    this.#series.set(key, series);
    return series;
  }

  #sendLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.sendNow();
    }, WAIT_MS).unref();
  }

  /** Sends what waits; the first attempt to write it is made before this returns. */
  sendNow(): void {
    if (this.#points.length === 0) return;
    const batch = this.#points;
    this.#points = [];
    const sent: Promise<void> = this.#insert(batch)
      .then(() => {
        this.#failure = undefined;
      })
      .catch((error) => {
        this.#failure = error;
        this.#points = batch.concat(this.#points);
        this.#retryAt = performance.now() + WAIT_MS;
        this.#sendLater();
      })
      .finally(() => this.#inFlight.delete(sent));
    this.#inFlight.add(sent);
  }

  /** Everything that was added is on disk when this resolves; rejects with the reason when it is not. */
  async flush(): Promise<void> {
    this.sendNow();
    await Promise.all(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#refused !== undefined) throw this.#refused.reason;
    if (this.#dropped > 0) throw lost(this.#dropped);
  }

  /** The last flush; nothing is tried again after it. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
  }
}

function lost(points: number): RiskopsError {
  return new RiskopsError('STORE_IO', {
    what: `${points} metric points were dropped`,
    why: `nothing took them for so long that more than ${KEPT} waited`,
  });
}
