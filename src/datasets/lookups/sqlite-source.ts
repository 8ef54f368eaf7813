import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../util/package.js';
import { type Found, type Key, type LookupSource, SourceError } from './source.js';

/** What the thread works on. */
export interface SqliteWork {
  file: string;
  query: string;
  /** Those that the query must give. */
  columns: string[];
}

export interface Asked {
  id: number;
  keys: readonly Key[];
}

export type Told = { id: number } & (
  | { rows: (Found | null)[]; error?: undefined }
  | { error: string; isQuery: boolean }
);

interface Waiting {
  resolve(rows: (Found | null)[]): void;
  reject(error: SourceError): void;
}

/** A SQLite file, asked in a thread of its own, which is started when it is first needed, and again when it ended. */
export function openSqliteSource(work: SqliteWork): LookupSource {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let next = 0;

  const fail = (reason: string) => {
    const all = [...waiting.values()];
    waiting.clear();
    for (const { reject } of all) reject(new SourceError(reason, false));
  };
  const receive = (told: Told) => {
    const asked = waiting.get(told.id);
    waiting.delete(told.id);
    if (told.error === undefined) asked?.resolve(told.rows);
    else asked?.reject(new SourceError(told.error, told.isQuery));
  };
  const ended = (which: Worker, reason: string) => {
    if (worker !== which) return;
    worker = undefined;
    fail(reason);
  };
  const start = () => {
    const started = new Worker(workerUrl('lookup'), { workerData: work, execArgv: [] });
    started.on('message', receive);
    started.on('error', (error) => ended(started, `its thread ended: ${error.message}`));
    started.on('exit', () => ended(started, 'its thread ended'));
    started.unref();
    return started;
  };
  return {
    fetch: (keys) =>
      new Promise((resolve, reject) => {
        const id = next++;
        try {
          worker ??= start();
          waiting.set(id, { resolve, reject });
          worker.postMessage({ id, keys } satisfies Asked);
        } catch (error) {
          waiting.delete(id);
          reject(new SourceError((error as Error).message, false));
        }
      }),
    async close() {
      const ending = worker;
      worker = undefined;
      fail('it is closed');
      await ending?.terminate();
    },
  };
}
