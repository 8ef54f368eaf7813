import cluster from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { FromWorker, ToWorker } from './worker-messages.js';

const METRICS_MS = 3_000;

/** A worker's line to the process that started it. */
export interface WorkerLink {
  say(message: FromWorker): void;
  /** Has the registry asked when the figures of all workers are wanted. */
  share(registry: Registry): void;
  /** The figures of all workers in the text format of Prometheus; null when they cannot be had. */
  readAll(): Promise<string | null>;
  /** Nothing more is said; it would else keep the process alive. */
  end(): void;
}

/** The line of this process; null when it is no worker. */
export function workerLink(): WorkerLink | null {
  const { worker } = cluster;
  if (!cluster.isWorker || worker === undefined) return null;
  const waiting = new Map<number, (text: string | null) => void>();
  let asked = 0;
  worker.on('message', (message: ToWorker) => {
    if (message.kind !== 'metrics') return;
    waiting.get(message.id)?.(message.text);
    waiting.delete(message.id);
  });
  const say = (message: FromWorker) => {
    if (worker.isConnected()) worker.send(message, () => {});
  };
  return {
    say,
    share(registry) {
      AggregatorRegistry.setRegistries(registry);
      // Made for what it does then: it answers when this worker is asked.
      new AggregatorRegistry();
    },
    readAll() {
      const id = asked++;
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), METRICS_MS);
        waiting.set(id, (text) => {
          clearTimeout(timer);
          resolve(text);
        });
        say({ kind: 'metrics', id });
      });
    },
    end: () => worker.disconnect(),
  };
}
