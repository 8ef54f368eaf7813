import { setImmediate as nextTurn } from 'node:timers/promises';
import { isBusy, storeBusy } from './sqlite-errors.js';

const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Waits .1 to 1.1 ms. Timers have whole milliseconds, too coarse to meet the short gap between two commits of another
 * process, so the thread itself sleeps; the event loop turns once before, so signals and heartbeats stay alive.
 */
async function pause(): Promise<void> {
  await nextTurn();
  Atomics.wait(cell, 0, 0, 0.1 + Math.random());
}

/**
 * Runs `attempt` until no other process is in its way; the first try runs before this returns. SQLite's own busy
 * handler backs off to ever longer sleeps, so under steady load the one who waited longest is the least likely to be
 * served; here everyone asks at the same jittered rate.
 * @throws STORE_BUSY when `timeoutMs` have passed.
 */
export async function retryWhileBusy<T>(attempt: () => T, path: string, timeoutMs: number): Promise<T> {
  let since: number | undefined;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    since ??= performance.now();
    const waited = performance.now() - since;
    if (waited >= timeoutMs) throw storeBusy(path, waited);
    await pause();
  }
}
