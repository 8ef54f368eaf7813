import { parentPort, workerData } from 'node:worker_threads';
import { RiskopsError } from '../../errors.js';
import type { ModelHeader } from '../../models/model-header.js';
import { type KnownRowsRequest, readKnownRows } from './known-rows.js';

/** The thread that reads the rows which a served forecaster goes on from: a large file would hold the server up. */
const { header, request } = workerData as { header: ModelHeader; request: KnownRowsRequest };

/** What the thread says when it is done: an error as its parts, for it loses its class on the way. */
export type HistoryMessage =
  | { known: Awaited<ReturnType<typeof readKnownRows>> }
  | { error: Pick<RiskopsError, 'code' | 'message' | 'why' | 'fix'> | null; message: string };

try {
  const known = await readKnownRows(header, request);
  parentPort?.postMessage({ known } satisfies HistoryMessage, [known.cells.buffer as ArrayBuffer]);
} catch (error) {
  const { message } = error as Error;
  const told =
    error instanceof RiskopsError ? { code: error.code, message, why: error.why, fix: error.fix } : null;
  parentPort?.postMessage({ error: told, message } satisfies HistoryMessage);
}
