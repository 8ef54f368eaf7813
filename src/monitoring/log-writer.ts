import { Worker } from 'node:worker_threads';
import { workerUrl } from '../util/package.js';
import type { FromWorker, Segment, ToWorker } from './log-messages.js';

export interface LogWriter {
  /** Whether a batch is under way; the next may be sent when it is not. */
  busy(): boolean;
  send(segments: Segment[]): void;
  /** Ends the thread, at once when a batch is still under way. */
  close(): Promise<void>;
}

interface WriterEvents {
  database: string;
  /** The pointer whose promotions tell the store of the database from others. */
  currentModel?: string;
  /** The thread deletes what is older, when it has nothing to write; null keeps all. */
  keepDays: number | null;
  onWritten(rows: number): void;
  /** Why nothing is written at the moment. */
  onTrouble(reason: string): void;
}

const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 5_000;
const END_MS = 1_000;

/**
 * The thread that writes the log. It has a connection of its own, so an fsync never stops the server. A thread that
 * dies is started again, and gets the batch again that was under way; the table refuses what it has already.
 */
export function openLogWriter({ onWritten, onTrouble, ...workerData }: WriterEvents): LogWriter {
  let worker: Worker | undefined;
  let underWay: { batch: number; segments: Segment[] } | undefined;
  let batches = 0;
  let restartMs = FIRST_RESTART_MS;
  let restart: NodeJS.Timeout | undefined;
  let closed = false;

  const receive = (message: FromWorker) => {
    if (message.kind === 'trouble') return onTrouble(message.reason);
    if (message.batch !== underWay?.batch) return;
    restartMs = FIRST_RESTART_MS;
    const rows = underWay.segments.reduce((sum, segment) => sum + segment.rows, 0);
    underWay = undefined;
    onWritten(rows);
  };

  const restartLater = (reason: string) => {
    if (closed || restart !== undefined) return;
    worker = undefined;
    onTrouble(reason);
    restart = setTimeout(start, restartMs).unref();
    restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
  };

  const post = (message: ToWorker) => worker?.postMessage(message);

  function start(): void {
    restart = undefined;
    try {
      const started = new Worker(workerUrl('prediction-log'), { workerData });
      worker = started;
      started.on('message', receive);
      started.on('error', (error) => restartLater(`the log's thread ended: ${error.message}`));
      started.on('exit', (code) => restartLater(`the log's thread ended with code ${code}`));
      // Listeners hold a thread's port open; unref'd after them, it keeps no process alive.
      started.unref();
      if (underWay) post({ kind: 'write', ...underWay });
    } catch (error) {
      restartLater(`the log's thread cannot start: ${(error as Error).message}`);
    }
  }

  start();
  return {
    busy: () => underWay !== undefined,
    send(segments) {
      underWay = { batch: ++batches, segments };
      post({ kind: 'write', ...underWay });
    },
    async close() {
      closed = true;
      clearTimeout(restart);
      const ending = worker;
      worker = undefined;
      if (ending === undefined) return;
      if (underWay === undefined) {
        const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
        ending.postMessage({ kind: 'close' } satisfies ToWorker);
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_MS))]);
      }
      await ending.terminate();
    },
  };
}
