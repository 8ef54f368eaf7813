import { setImmediate as nextTurn } from 'node:timers/promises';
import { RiskopsError } from '../errors.js';

/** When a job is of no use any more. */
export interface TimeLimit {
  /** In milliseconds of `performance.now()`. */
  deadline: number;
  /** Whether the client went away. */
  isGone(): boolean;
}

/** Scores the rows `from` .. `to` - 1. */
export type ScoreSlice = (from: number, to: number) => void;

/** The event loop is held for about so long at a time; what else arrives is answered in between. */
const SLICE_MS = 5;

const CROWDED = 'The other predictions took too long.';

/**
 * Long scoring runs here, one job at a time and in slices, so that the server goes on answering. What would not be
 * served in time is turned away at once.
 */
export class ScoringLane {
  #last: Promise<unknown> = Promise.resolve();
  #jobs = 0;

  constructor(private readonly maxJobs = 256) {}

  /** Jobs that run or wait. */
  get jobs(): number {
    return this.#jobs;
  }

  /**
   * Runs `slice` over all rows, about 5 ms of them at a time.
   * @throws RiskopsError SERVER_BUSY when too many jobs wait, or its turn came too late; REQUEST_TIMEOUT when it took
   *   too long; what `slice` throws
   */
  async run(rowCount: number, msPerRow: number, slice: ScoreSlice, limit: TimeLimit): Promise<void> {
    if (this.#jobs >= this.maxJobs) throw busy('Too many predictions wait already.');
    const since = performance.now();
    const wasFirst = this.#jobs === 0;
    // Those behind it, too, take turns of the event loop from it: a crowd's bodies are read meanwhile.
    const isAlone = () => wasFirst && this.#jobs === 1;
    this.#jobs++;
    const job = this.#last.then(() => {
      checkShare(limit, { since, isAlone }, 0);
      return runSlices(rowCount, slice, limit, { since, isAlone, msPerRow });
    });
    this.#last = job.catch(() => {});
    try {
      await job;
    } finally {
      this.#jobs--;
    }
  }
}

/** How a job came to the lane. */
interface Came {
  since: number;
  /** Whether there was, and is, no other one. */
  isAlone(): boolean;
}

async function runSlices(
  rowCount: number,
  slice: ScoreSlice,
  limit: TimeLimit,
  { msPerRow, ...came }: Came & { msPerRow: number },
): Promise<void> {
  let rows = Math.max(1, Math.floor(SLICE_MS / Math.max(msPerRow, 1e-3)));
  let scoring = 0;
  for (let from = 0; from < rowCount; ) {
    await nextTurn();
    checkShare(limit, came, scoring);
    const to = Math.min(rowCount, from + rows);
    const begun = performance.now();
    slice(from, to);
    const took = Math.max(performance.now() - begun, 1e-3);
    scoring += took;
    // The next slice is as long as this one's pace allows, and at most twice this one.
    rows = Math.max(1, Math.min(2 * rows, Math.floor(((to - from) * SLICE_MS) / took)));
    from = to;
  }
  checkShare(limit, came, scoring);
}

/**
 * Who was among others and waited more than it scored is ended by what else there was to do, and may try again; alone, a job is late by
 * nobody's fault but its own.
 * @throws RiskopsError SERVER_BUSY, REQUEST_TIMEOUT
 */
function checkShare(limit: TimeLimit, { since, isAlone }: Came, scoring: number): void {
  const now = performance.now();
  const hadToWait = scoring < (now - since) / 2 && !isAlone();
  if (now > limit.deadline && hadToWait && !limit.isGone()) throw busy(CROWDED);
  checkTime(limit, now);
}

/** @throws RiskopsError REQUEST_TIMEOUT */
export function checkTime({ deadline, isGone }: TimeLimit, now = performance.now()): void {
  if (isGone())
    throw new RiskopsError('REQUEST_TIMEOUT', { what: 'The client went away before the answer.' });
  if (now <= deadline) return;
  throw new RiskopsError('REQUEST_TIMEOUT', { what: 'The prediction took longer than the limit.' });
}

function busy(why: string): RiskopsError {
  return new RiskopsError('SERVER_BUSY', { what: 'The server has too much to do.', why });
}
