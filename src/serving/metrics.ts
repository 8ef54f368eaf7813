import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PredictionLog } from '../monitoring/prediction-log.js';
import type { ModelSlots } from './slots.js';
import type { TrialFigure } from './trials/trial-version.js';
import type { WorkerLink } from './worker-link.js';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The server's own figures. Labels come from the routes and the pointer, never from a request's text. */
export interface ServerMetrics {
  /** `route` is the pattern that matched, undefined when none did. */
  countRequest(method: string, route: string | undefined, status: number, seconds: number): void;
  countPredictions(model: string, rows: number): void;
  countLoad(model: string, outcome: 'loaded' | 'failed'): void;
  /** Figures that are read when Prometheus asks. */
  addFigures(figures: readonly TrialFigure[]): void;
  /** The text that Prometheus reads, and its content type. */
  read(): Promise<{ text: string; contentType: string }>;
}

/** A counter whose labels are one text on the way in: a Map is quicker than hashing labels in every request. */
class Tally<Label extends string> {
  readonly #counts = new Map<string, number>();

  constructor(registers: Registry[], name: string, help: string, labelNames: readonly Label[]) {
    const counts = this.#counts;
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        this.reset();
        for (const [key, count] of counts) {
          const values = key.split('\0');
          this.inc(
            Object.fromEntries(labelNames.map((label, i) => [label, values[i]])) as Record<Label, string>,
            count,
          );
        }
      },
    });
  }

  /** `key` is the labels' values in order, joined by NUL. */
  add(key: string, count: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }
}

/** Gauges that are read when Prometheus asks. */
function watch(registers: Registry[], slots: ModelSlots, log: Pick<PredictionLog, 'state'>): void {
  new Gauge({
    name: 'riskops_model_version',
    help: 'The version that answers; 0 while none is loaded.',
    aggregator: 'max',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset();
      for (const model of slots.names()) this.set({ model }, slots.loaded(model)?.entry.version ?? 0);
    },
  });
  new Gauge({
    name: 'riskops_model_failing',
    help: '1 while the version that the pointer names is not the one that answers.',
    aggregator: 'max',
    labelNames: ['model'],
    registers,
    collect() {
      this.reset();
      for (const model of slots.names()) this.set({ model }, slots.failure(model) === null ? 0 : 1);
    },
  });
  const logGauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `riskops_prediction_log_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  logGauge('pending_rows', 'Predictions that are not on disk yet.', () => log.state().pending);
  logGauge('written_rows', 'Predictions on disk, since the start.', () => log.state().written);
  logGauge(
    'dropped_rows',
    'Predictions that were answered and never logged, since the start.',
    () => log.state().dropped,
  );
  logGauge('failing', '1 while the log cannot be written.', () => (log.state().lastError === null ? 0 : 1));
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: 'process_cpu_seconds',
    help: 'CPU time of the process, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
}

/** The figures of one server, in a registry of its own. */
export function createMetrics(
  slots: ModelSlots,
  log: Pick<PredictionLog, 'state'>,
  link: WorkerLink | null = null,
): ServerMetrics {
  const registry = new Registry();
  link?.share(registry);
  const registers = [registry];
  const requests = new Tally(registers, 'riskops_http_requests_total', 'Requests answered.', [
    'method',
    'route',
    'status',
  ]);
  const durations = new Histogram({
    name: 'riskops_http_request_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  });
  const predictions = new Tally(registers, 'riskops_predictions_total', 'Rows scored.', ['model']);
  const loads = new Tally(registers, 'riskops_model_loads_total', 'Versions loaded, or refused.', [
    'model',
    'outcome',
  ]);
  watch(registers, slots, log);
  return {
    countRequest(method, route = 'none', status, seconds) {
      requests.add(`${METHODS.has(method) ? method : 'other'}\0${route}\0${status}`, 1);
      durations.observe({ route }, seconds);
    },
    countPredictions(model, rows) {
      predictions.add(model, rows);
    },
    countLoad(model, outcome) {
      loads.add(`${model}\0${outcome}`, 1);
    },
    addFigures(figures) {
      for (const { name, help, read } of figures) {
        new Gauge({
          ...{ name: `riskops_${name}`, help, registers },
          collect() {
            this.set(read());
          },
        });
      }
    },
    async read() {
      // Of several workers, whichever is asked tells of all.
      const all = link === null ? null : await link.readAll();
      return { text: all ?? (await registry.metrics()), contentType: registry.contentType };
    },
  };
}
