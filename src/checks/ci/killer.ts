import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** A worker thread that ends the process when its time is over, whatever holds the main thread. */
const { text, ms } = workerData as { text: string; ms: number };

setTimeout(() => {
  try {
    writeSync(2, text);
  } catch {
    // stderr is gone: the exit code has to say it alone
  }
  process.kill(process.pid, 'SIGKILL');
}, ms);
