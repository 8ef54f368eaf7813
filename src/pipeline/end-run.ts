import type { Run } from '../tracking/runs.js';

/** The signal that stopped the process; undefined when it was stopped by a fault. */
function signalName(reason: unknown): string | undefined {
  const isSignal = typeof reason === 'object' && reason !== null && 'signalName' in reason;
  return isSignal ? String(reason.signalName) : undefined;
}

/** Ends a run that an error left: KILLED where a signal stopped the process, FAILED otherwise. */
export async function endByError(run: Run, error: unknown, signal: AbortSignal | undefined): Promise<void> {
  const stopped = signal?.aborted ? signalName(signal.reason) : undefined;
  if (stopped === undefined) await run.fail(signal?.aborted ? signal.reason : error);
  else await run.kill(stopped);
}
