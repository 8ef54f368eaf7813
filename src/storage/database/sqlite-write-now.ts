import type { Store } from '../store.js';
import type { SqliteHandle } from './sqlite-dialect.js';
import { isBusy } from './sqlite-errors.js';

const WAIT_MS = 2_000;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** See `Store.writeNow`: the thread itself sleeps while another process is in the way. */
export function prepareWriteNow({ raw }: SqliteHandle): Store['writeNow'] {
  const writeAll = raw.transaction((queries: Parameters<Store['writeNow']>[0]) => {
    for (const query of queries) {
      const { sql, parameters } = query.compile();
      raw.prepare(sql).run(...parameters);
    }
  });
  return (queries, timeoutMs = WAIT_MS) => {
    const until = performance.now() + timeoutMs;
    for (;;) {
      try {
        // A transaction that waits for its next query will never get it.
        if (raw.inTransaction) raw.exec('ROLLBACK');
        writeAll.immediate(queries);
        return true;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= until) return false;
        Atomics.wait(cell, 0, 0, 2);
      }
    }
  };
}
