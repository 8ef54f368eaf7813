import { Worker } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import { workerUrl } from '../../util/package.js';

export interface Watchdog {
  /** Aborts at the limit, with the error to report. */
  signal: AbortSignal;
  stop(): Promise<void>;
}

/** How much longer a step may take that holds the thread and cannot be asked to stop, in milliseconds. */
const GRACE_MS = 3_000;

/** Ends all checks after `seconds`: first by its signal, and where nothing listens to that, by killing this process. */
export function startWatchdog(seconds: number): Watchdog {
  const controller = new AbortController();
  const error = new RiskopsError('CHECK_TIMED_OUT', {
    what: `The checks were stopped after ${seconds} s.`,
    why: 'That is their limit; --limit sets another one.',
  });
  const timer = setTimeout(() => controller.abort(error), seconds * 1000);
  const text = `Error: ${error.message}\nWhy:   ${error.why}\nTry:   ${error.fix}\n`;
  // It runs beside the main thread, so a long calculation there cannot hold it off.
  const killer = new Worker(workerUrl('killer'), { workerData: { text, ms: seconds * 1000 + GRACE_MS } });
  killer.unref();
  return {
    signal: controller.signal,
    async stop() {
      clearTimeout(timer);
      await killer.terminate();
    },
  };
}
