/** Why a search ended before its trials did. */
export class TimeUp extends Error {}

/** The time that a search may take. */
export interface Clock {
  timeUp?: AbortSignal;
  /** No trial begins any more. */
  isOver(): boolean;
  /** Only from then on a running trial may be ended: a search finds something, however short its time. */
  arm(): void;
  stop(): void;
}

/** @param seconds null for no limit */
export function timeLimit(seconds: number | null): Clock {
  if (seconds === null) return { isOver: () => false, arm: () => {}, stop: () => {} };
  const end = performance.now() + seconds * 1000;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    timeUp: stop.signal,
    isOver: () => performance.now() >= end,
    arm() {
      timer ??= setTimeout(() => stop.abort(new TimeUp()), Math.max(0, end - performance.now()));
    },
    stop: () => clearTimeout(timer),
  };
}

/** Does the work; whether it ended because the time was up. */
export async function untilTimeUp(work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof TimeUp) return true;
    throw error;
  }
}
