import { RiskopsError } from '../errors.js';
import type { MetricPoint, Store } from '../storage/store.js';
import { checkMetric } from './run-values.js';

/** So many points are written together. */
const BATCH = 1000;
/** So long may a point wait for others. */
const WAIT_MS = 1000;
/** So many are kept while the store takes none; what comes then is counted and dropped. */
const KEPT = 100_000;

/**
 * Metric points on their way to the store. Adding never throws and never waits: what goes wrong is told by `flush`
 * and `close`. Points that could not be written are kept and tried again.
 */
export class MetricBuffer {
  readonly #insert: Store['insertMetrics'];
  readonly #runId: string;
  #points: MetricPoint[] = [];
  #inFlight = new Set<Promise<void>>();
  #nextStep = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #retryAt = 0;
  #failure: unknown;
  /** The first thing that can never be written. */
  #refused: unknown;
  #dropped = 0;

  constructor(insert: Store['insertMetrics'], runId: string) {
    this.#insert = insert;
    this.#runId = runId;
  }

  /** Without a `step` each metric goes on from its last: 0, 1, 2 and so on. */
  add(metrics: Record<string, number>, step?: number): void {
    const loggedMs = Date.now();
    for (const [key, value] of Object.entries(metrics)) this.#addPoint(key, value, step, loggedMs);
    if (this.#points.length >= BATCH && performance.now() >= this.#retryAt) this.#send();
    else if (this.#points.length > 0) this.#sendLater();
  }

  #addPoint(key: string, value: number, step: number | undefined, loggedMs: number): void {
    const at = step ?? this.#nextStep.get(key) ?? 0;
    try {
      checkMetric(key, value, at);
    } catch (error) {
      this.#refused ??= error;
      return;
    }
    this.#nextStep.set(key, at + 1);
    if (this.#points.length >= KEPT) this.#dropped++;
    else this.#points.push({ run_id: this.#runId, key, step: at, value, logged_ms: loggedMs });
  }

  #sendLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, WAIT_MS).unref();
  }

  #send(): void {
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
    this.#send();
    await Promise.all(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#refused !== undefined) throw this.#refused;
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
    why: `the store took none for so long that more than ${KEPT} waited`,
  });
}
