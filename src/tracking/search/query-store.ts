import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, type ErrorText, RiskopsError } from '../../errors.js';
import type { Store } from '../../storage/store.js';
import { workerUrl } from '../../util/package.js';
import type { QueryResult } from './query-rows.js';

export type { QueryCell, QueryResult } from './query-rows.js';

/** What the process of a query is told. */
export interface QueryJob {
  path: string;
  sql: string;
  limit: number;
  timeoutMs: number;
}

/** What it answers. */
export type QueryAnswer =
  | { result: QueryResult }
  | { error: { code: ErrorCode; text: ErrorText } }
  | { fault: string };

export interface QueryOptions {
  /** Rows at most; 1,000. */
  limit?: number;
  /** How long it may take, in milliseconds; 30,000. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * Runs one SQL statement that reads the store. It runs in a process of its own: SQLite's work cannot be interrupted from
 * within, and a query that never ends must not hang its caller.
 * @throws QUERY_INVALID, QUERY_STOPPED, or the signal's reason when it is aborted
 */
export async function queryStore(
  store: Store,
  sql: string,
  options: QueryOptions = {},
): Promise<QueryResult> {
  const { limit = 1000, timeoutMs = 30_000, signal } = options;
  signal?.throwIfAborted();
  const child = fork(processFile(), {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let isLate = false;
  const stop = () => void child.kill('SIGKILL');
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, timeoutMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const answer = answerOf(child);
    child.send({ path: store.places.database, sql, limit, timeoutMs } satisfies QueryJob, () => {});
    const told = await answer;
    signal?.throwIfAborted();
    if (told === undefined)
      throw stopped(
        isLate
          ? `it took longer than ${timeoutMs / 1000} s`
          : 'its process ended without an answer: it may have taken too much memory',
      );
    if ('error' in told) throw new RiskopsError(told.error.code, told.error.text);
    if ('fault' in told) throw new Error(told.fault);
    return told.result;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** What the process says; undefined when it ends without a word. */
function answerOf(child: ChildProcess): Promise<QueryAnswer | undefined> {
  return new Promise((resolve, reject) => {
    child.once('message', (answer) => resolve(answer as QueryAnswer));
    child.once('error', reject);
    // Not at its exit: what it said last may still be on its way then.
    child.once('disconnect', () => resolve(undefined));
  });
}

function processFile(): string {
  const path = fileURLToPath(workerUrl('query'));
  if (existsSync(path)) return path;
  throw new RiskopsError('INTERNAL_ERROR', {
    what: 'A query cannot start: dist/workers/query.js is missing.',
    why: 'This copy of riskops is not built, or its dist folder is incomplete.',
    fix: 'npm run build',
  });
}

function stopped(why: string): RiskopsError {
  return new RiskopsError('QUERY_STOPPED', { what: 'The query was ended before it was done.', why });
}
