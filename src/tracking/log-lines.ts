import { RiskopsError } from '../errors.js';
import type { Store } from '../storage/store.js';
import { logToRun } from './log-to-run.js';
import { type GivenPoint, parseMetricLine } from './metric-text.js';

/** So many points are written together. */
const BATCH = 5_000;
/** So long may a point wait for others, milliseconds. */
const WAIT_MS = 1_000;

/**
 * Logs metrics as lines of JSON come in, see `parseMetricLine`: they are in the store a second later at most, however slowly
 * they come. A line that cannot be read ends it with the number of that line; what came before it is kept.
 * @returns how many points were logged
 * @throws as `logToRun`
 */
export async function logLines(
  store: Store,
  idOrPrefix: string,
  lines: AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<number> {
  let [count, number] = [0, 0];
  let waiting: GivenPoint[] = [];
  let written: Promise<unknown> = Promise.resolve();
  const write = () => {
    const points = waiting;
    waiting = [];
    count += points.length;
    if (points.length > 0) written = written.then(() => logToRun(store, idOrPrefix, { points }));
    // A failure is met where it is awaited.
    written.catch(() => undefined);
    return written;
  };
  const timer = setInterval(write, WAIT_MS);
  try {
    for await (const line of lines) {
      signal?.throwIfAborted();
      number++;
      if (line.trim() !== '') for (const point of pointsOf(line, number)) waiting.push(point);
      if (waiting.length >= BATCH) await write();
    }
    signal?.throwIfAborted();
    return count + waiting.length;
  } finally {
    clearInterval(timer);
    await write();
  }
}

function pointsOf(line: string, number: number): GivenPoint[] {
  try {
    return parseMetricLine(line);
  } catch (error) {
    if (!(error instanceof RiskopsError)) throw error;
    const { code, message, why, fix } = error;
    const kept = number === 1 ? 'nothing was logged' : `the lines before it are kept`;
    throw new RiskopsError(code, {
      what: `line ${number}: ${message}; ${kept}`,
      why,
      fix,
      details: { line: number },
    });
  }
}
