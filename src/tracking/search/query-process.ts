/**
 * The process of one query, with a thread that ends it: while SQLite works, nothing else of this process's main thread
 * runs, and the process that asked may be gone.
 */
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import type { QueryAnswer, QueryJob } from './query-store.js';

/** How often the thread looks. */
const LOOK_MS = 200;

interface Watch {
  parent: number;
  timeoutMs: number;
}

function watch({ parent, timeoutMs }: Watch): void {
  const until = performance.now() + timeoutMs;
  setInterval(() => {
    if (process.ppid !== parent || performance.now() > until) process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS);
}

async function answer({ path, sql, limit }: QueryJob): Promise<QueryAnswer> {
  const { connectReader } = await import('../../storage/database/sqlite-connect.js');
  const { readQueryRows } = await import('./query-rows.js');
  try {
    const reader = await connectReader(path, 5000);
    return await reader.run(() => {
      reader.raw.pragma('query_only = ON');
      return { result: readQueryRows(reader.raw, sql, limit) };
    });
  } catch (error) {
    if (error instanceof RiskopsError) {
      const { code, message: what, why, fix, details } = error;
      return { error: { code, text: { what, why, fix, details } } };
    }
    return { fault: String((error as Error).message ?? error) };
  }
}

if (isMainThread) {
  // Listening is what keeps the process there until the one that asked, which has then read all of the answer, ends it.
  process.on('message', (job: QueryJob) => {
    const watchData: Watch = { parent: process.ppid, timeoutMs: job.timeoutMs };
    new Worker(fileURLToPath(import.meta.url), { workerData: watchData }).unref();
    void answer(job).then((told) => process.send?.(told));
  });
} else {
  watch(workerData as Watch);
}
