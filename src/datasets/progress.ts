/** How far a reading is: bytes read, of how many (0 when nobody knows), and the rows so far. */
export interface Progress {
  bytes: number;
  of: number;
  rows: number;
}

export type OnProgress = (progress: Progress) => void;

const EVERY_MS = 100;

/** The same, called at most ten times a second. */
export function throttled(onProgress: OnProgress | undefined): OnProgress {
  if (onProgress === undefined) return () => {};
  let last = performance.now();
  return (progress) => {
    const now = performance.now();
    if (now - last < EVERY_MS) return;
    last = now;
    onProgress(progress);
  };
}

function seconds(value: number): string {
  if (value < 90) return `${Math.max(1, Math.round(value))} s`;
  return value < 5400 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

/** A number in few characters: 950, 12k, 3.4M. */
function short(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(value < 10_000_000 ? 1 : 0)}M`;
}

/**
 * A line for a person about work that goes on: how much is done, how fast, and how long the rest takes. Undefined in the first
 * second, so that short work says nothing. `of` is 0 when nobody knows the end.
 */
export function progressText(
  what: string,
  { done, of, unit }: { done: number; of: number; unit: string },
  elapsedMs: number,
): string | undefined {
  if (elapsedMs < 1_000) return undefined;
  const rate = done / (elapsedMs / 1_000);
  const share = of > 0 ? ` ${Math.min(99, Math.floor((100 * done) / of))} %` : '';
  const left = of > done && rate > 0 ? `, ${seconds((of - done) / rate)} left` : '';
  return `${what}${share}: ${short(done)} ${unit}, ${short(rate)} a second${left}`;
}
