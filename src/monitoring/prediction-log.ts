import { BufferedLog } from './buffered-log.js';
import type { PredictionLog, PredictionLogOptions } from './logged-prediction.js';

export type {
  LoggedPrediction,
  PredictionLog,
  PredictionLogOptions,
  PredictionLogState,
  RowNames,
} from './logged-prediction.js';

const nothingKept: PredictionLog = {
  mode: 'off',
  redacts: false,
  append: () => true,
  appendLine: () => true,
  flush: async () => {},
  close: async () => {},
  state: () => ({ pending: 0, dropped: 0, written: 0, room: Number.POSITIVE_INFINITY, lastError: null }),
};

/**
 * The prediction log: entries wait in memory, and a thread writes them in segments. An answer runs ahead of its
 * entry by at most `maxDelayMs` or `maxRows` rows, whichever is more, while the disk keeps up. While the database
 * takes nothing (disk full, locked, missing), entries wait up to the limits, then new ones are dropped and counted;
 * the log recovers by itself.
 */
export function openPredictionLog(options: PredictionLogOptions): PredictionLog {
  return options.mode === 'off' ? nothingKept : new BufferedLog(options);
}
